-- outcome: unknown while what the entry tells of is being done, and for good when nobody could say what came of it; done.
ALTER TABLE audit ADD COLUMN outcome {key} NOT NULL DEFAULT 'done';
