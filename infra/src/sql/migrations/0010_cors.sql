-- Origins of web pages whose scripts may read answers, by workspace; place: the order they were given in.
CREATE TABLE cors_origins (
    workspace_id {key} NOT NULL,
    origin {key} NOT NULL,
    place BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, origin)
);
CREATE INDEX cors_origins_by_origin ON cors_origins (origin);
