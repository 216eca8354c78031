-- Recordings in ClickHouse. Before:
--   nettrace convert --to parquet -o tables /var/log/nettrace

-- Without a server: clickhouse local --queries-file clickhouse.sql
SELECT comm, raddr, count() AS sessions, sum(tx_bytes) AS sent, quantile(0.99)(duration_ms) AS p99_ms
FROM file('tables/tcplife.parquet', Parquet)
GROUP BY comm, raddr ORDER BY sent DESC LIMIT 10;

-- Into a table, where times keep their nanoseconds. A server finds files below its user_files_path only.
CREATE TABLE IF NOT EXISTS tcplife
(
    time DateTime64(9, 'UTC'),
    host LowCardinality(String),
    pid Nullable(Int32),
    comm LowCardinality(Nullable(String)),
    laddr String,
    lport Int32,
    raddr String,
    rport Int32,
    tx_bytes Int64,
    rx_bytes Int64,
    duration_ms Float64,
    conn_id String
)
ENGINE = MergeTree PARTITION BY toDate(time) ORDER BY (raddr, time);

INSERT INTO tcplife SELECT time, host, pid, comm, laddr, lport, raddr, rport, tx_bytes, rx_bytes, duration_ms, conn_id
FROM file('tables/tcplife.parquet', Parquet);
