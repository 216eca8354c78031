-- Questions to recordings in DuckDB. Before:
--   nettrace convert --to parquet --partition -o lake /var/log/nettrace
--   duckdb < duckdb.sql
-- Times are in UTC, and DuckDB shows them to the microsecond.

-- Who talked to whom most?
select comm, raddr, count(*) sessions, sum(tx_bytes) sent, sum(rx_bytes) received
from read_parquet('lake/tool=tcplife/**/*.parquet', hive_partitioning = true)
group by all order by sent + received desc, raddr limit 10;

-- How long do sessions last, by the port that answers?
select least(lport, rport) port, count(*) sessions, quantile_cont(duration_ms, [0.5, 0.99]) p50_p99_ms
from read_parquet('lake/tool=tcplife/**/*.parquet', hive_partitioning = true)
group by all order by sessions desc, port limit 10;

-- Why were packets dropped, minute by minute? Only the hours that are asked for are read.
select time_bucket(interval 1 minute, time) as minute, reason, count(*) drops
from read_parquet('lake/tool=tcpdrop/**/*.parquet', hive_partitioning = true)
where date = '2026-11-20' and hour between '06' and '07'
group by all order by minute, drops desc, reason;

-- Which sessions had retransmits? A connection has the same conn_id in all tools' events, at both ends.
select s.host, s.comm, s.raddr, s.rport, s.duration_ms, count(*) retransmits
from read_parquet('lake/tool=tcplife/**/*.parquet', hive_partitioning = true) s
join read_parquet('lake/tool=tcpretrans/**/*.parquet', hive_partitioning = true) r using (host, conn_id, lport)
group by all order by retransmits desc limit 10;

-- Was anything lost, or is anything missing? Each file tells for its tool's whole recording.
select decode(value)::json lost_by, file_name
from parquet_kv_metadata('lake/**/*.parquet') where decode(key) = 'nettrace.lost_by' order by file_name;
