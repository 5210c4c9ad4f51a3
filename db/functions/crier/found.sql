create or replace function crier.found(step text, ok boolean, detail text, hint text)
    returns crier.finding language sql immutable parallel safe
as $$
    /* One row of crier.explain. */
    select row(step, ok, detail, hint)::crier.finding;
$$;
comment on function crier.found(text, boolean, text, text) is 'Private: one row of crier.explain.';
revoke all on function crier.found(text, boolean, text, text) from public;
