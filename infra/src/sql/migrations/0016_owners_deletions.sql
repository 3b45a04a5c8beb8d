-- Whether an owner asked for the deletion, who may then take it back; else it was an operator.
ALTER TABLE workspaces ADD COLUMN deletion_by_owner BOOLEAN NOT NULL DEFAULT FALSE;
