create or replace function crier.channel_check(path text, channel text)
    returns void language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
begin
    /* Whether a channel can be relayed at a path: raises why not. */
    if channel is null or octet_length(channel) not between 1 and 63 then
        perform crier.fail('CR095', 'a channel cannot be called so',
            format('The name is %s.', quote_nullable(channel)),
            'Give 1 to 63 octets, spelled as in pg_notify: NOTIFY without quotes means lower case.');
    elsif channel = 'crier' or channel like 'crier\_%' then
        perform crier.fail('CR095', format('the channel %s is the relay''s own', quote_literal(channel)),
            'What is notified there is not for clients.',
            'Choose a name that does not begin with crier_; crier.announce reaches who reads a topic.');
    elsif exists (select from crier.template_parts(path) t where t.parameter is not null) then
        perform crier.fail('CR096', format('the path %s has parameters', quote_literal(path)),
            'A channel has no arguments.', 'Declare each channel under a path of its own.');
    end if;
end
$$;
comment on function crier.channel_check(text, text) is
    'Private: raises why a channel cannot be relayed at a path.';
revoke all on function crier.channel_check(text, text) from public;
