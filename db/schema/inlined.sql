-- Dropped with crier.wanted.
create view crier.inlined as
    select w.topic, w.key, w.arguments, w.route, k.inner_pad, k.outer_pad
    from crier.wanted w cross join crier.secret k
    where w.dialect = crier.dialect() and k.one;

comment on view crier.inlined is
    'Private: the gate of inline notifications. Documents that this session may build, and what signs them. It decides about building only, never about notifying.';
revoke all on crier.inlined from public;
