// state.js -- the document that most benches have read: a number, which `update state set n = …` changes,
// and text.
//
// With `of`, a type, there is one for each value of it, and that of the path in `topic` changes.

export function stateDocument(cluster, { text, path = '/state', of = '', topic = path, interval = '50 ms' }) {
  return cluster.sql(`
    create table state (n integer not null);
    insert into state values (0);
    grant select on state to relay;
    create function state_document(${of && `id ${of}`}) returns json language sql stable
      as $$ select json_build_object('n', n, 'text', repeat('x', ${text})) from public.state $$;
    select crier.live('${path}', 'state_document(${of})', min_interval => '${interval}');
    select crier.watch('state', '${topic}')`);
}
