-- The API key a file was staged with: a key that is limited to sessions sends no other. Of files staged before it is not known.
ALTER TABLE media ADD COLUMN staged_with {key};
