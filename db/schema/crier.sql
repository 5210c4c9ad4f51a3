create schema if not exists crier;
comment on schema crier is
    'pgcrier: one SQL function that returns JSON becomes an endpoint and a live stream.';
