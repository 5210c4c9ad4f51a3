do $$
begin
    if to_regtype('crier.finding') is null then
        create type crier.finding as (step text, ok boolean, detail text, hint text);
    end if;
end
$$;
comment on type crier.finding is
    'One step of crier.explain: what was looked at, whether it is in order, what was found, and what to do if it is not.';
comment on column crier.finding.step is 'What was looked at.';
comment on column crier.finding.ok is 'Whether it is in order.';
comment on column crier.finding.detail is 'What was found.';
comment on column crier.finding.hint is 'What to do when it is not in order.';
