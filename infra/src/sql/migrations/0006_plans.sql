-- What a tenant may use, and whether it may only read.

-- plan: JSON; none: that of the installation.
ALTER TABLE workspaces ADD COLUMN plan TEXT;
ALTER TABLE workspaces ADD COLUMN suspended_at BIGINT;
ALTER TABLE workspaces ADD COLUMN suspended_why TEXT;
