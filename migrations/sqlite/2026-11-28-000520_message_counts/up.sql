-- Messages that were sent in an hour, for the caps of the deployment.
CREATE TABLE message_counts (
    medium    TEXT NOT NULL,
    -- When the hour began.
    window_ts BIGINT NOT NULL,
    sent      BIGINT NOT NULL,
    PRIMARY KEY (medium, window_ts)
);
