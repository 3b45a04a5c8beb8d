-- Known from the phone's history alone: nobody was told of it.
ALTER TABLE messages ADD COLUMN past BOOLEAN NOT NULL DEFAULT FALSE;
