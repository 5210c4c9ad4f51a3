-- model.sql -- a small world whose every committed state is known.
--
-- Boards hold items, and items move between boards. Whoever changes a board's items holds the row of
-- that board, counts its version up once in the transaction, and before COMMIT writes down what the
-- board looks like (seal): versions are commit-ordered and without gaps, and model.history has exactly
-- one checksum for each of them. A document that shows (board, version) with anything else is wrong.
-- The version is part of the documents but not watched itself: notifications come from the items.
--
-- Such locks serialise writers of one board, so there are things without: marks (each writer counts in
-- rows of its own, side by side with the others), scraps (pairs that sum up to zero; the only table
-- that is truncated, because TRUNCATE is not safe under older snapshots), and gates (documents that
-- are NULL half of the time).

begin;
create schema model;

create table model.boards (id integer primary key, version bigint not null default 0, xid xid8);

create table model.items (
    board integer not null,
    id integer not null,
    x integer not null,
    note text not null,
    at timestamptz not null default clock_timestamp(),
    primary key (board, id)
) partition by hash (board);
create table model.items_0 partition of model.items for values with (modulus 3, remainder 0);
create table model.items_1 partition of model.items for values with (modulus 3, remainder 1);
create table model.items_2 partition of model.items for values with (modulus 3, remainder 2);

-- Where an item is (NULL: nowhere), and how often that has changed.
create table model.places (item integer primary key, board integer, moves bigint not null default 0);

create table model.history (
    board integer,
    version bigint,
    xid xid8 not null,
    count bigint not null,
    checksum text not null,
    primary key (board, version)
);

create table model.marks (
    board integer,
    writer integer,
    side integer,
    number bigint not null,
    x integer not null,
    note text not null,
    primary key (board, writer, side)
);
create table model.scraps (board integer, pair bigint, side integer, x integer not null, note text not null);
create table model.gates (id integer primary key, version bigint not null default 1, note text not null default '');

-- ---- what writers do ---------------------------------------------------------------------------------

create function model.hold(boards integer[]) returns void language plpgsql as $$
declare
    board integer;
begin
    /* Locks boards, in the order given: two callers may deadlock, which is one of the outcomes. */
    foreach board in array boards loop
        perform from model.boards b where b.id = board for update;
    end loop;
end
$$;

create function model.changed(boards integer[]) returns void language sql as $$
    /* Counts the versions up, once in a transaction (and again after a savepoint took it back). */
    update model.boards set version = version + 1, xid = pg_current_xact_id()
    where id = any (changed.boards) and xid is distinct from pg_current_xact_id();
$$;

create function model.state(board integer, out count bigint, out checksum text) language sql stable as $$
    select count(*), md5(coalesce(string_agg(concat_ws(' ', i.id, i.x, i.note), E'\n' order by i.id), ''))
    from model.items i where i.board = state.board;
$$;

create function model.seal() returns table (board integer, version bigint) language sql as $$
    /* The last statement of a transaction, and once more of its deferred triggers: what each board that
       it changed looks like now. */
    insert into model.history (board, version, xid, count, checksum)
    select b.id, b.version, b.xid, s.count, s.checksum
    from model.boards b cross join lateral model.state(b.id) s
    where b.xid = pg_current_xact_id_if_assigned()
    on conflict on constraint history_pkey do update set count = excluded.count, checksum = excluded.checksum
    returning history.board, history.version;
$$;

create function model.draw(board integer, n integer, salt bigint) returns integer[] language sql volatile as $$
    select coalesce(array_agg(d.id), '{}')
    from (select i.id from model.items i where i.board = draw.board order by hashint4extended(i.id, salt) limit n) d;
$$;

create function model.draw_nowhere(n integer, salt bigint) returns integer[] language sql volatile as $$
    select coalesce(array_agg(s.item), '{}')
    from (select p.item from model.places p where p.board is null
          order by hashint4extended(p.item, salt) limit n for update) s;
$$;

create function model.place(items integer[], board integer) returns void language sql as $$
    update model.places set board = place.board, moves = moves + 1 where item = any (place.items);
$$;

create function model.add(board integer, n integer, salt bigint, note text) returns void language plpgsql as $$
declare
    chosen integer[];
begin
    perform model.hold(array[board]);
    chosen := model.draw_nowhere(n, salt);
    if chosen <> '{}' then
        insert into model.items (board, id, x, note) select add.board, c, c % 7, add.note from unnest(chosen) c;
        perform model.place(chosen, board), model.changed(array[board]);
    end if;
end
$$;

create function model.alter(board integer, n integer, salt bigint, note text) returns void language plpgsql as $$
begin
    perform model.hold(array[board]);
    update model.items i set x = i.x + 1, note = alter.note, at = clock_timestamp()
    where i.board = alter.board and i.id = any (model.draw(alter.board, n, salt));
    if found then
        perform model.changed(array[board]);
    end if;
end
$$;

create function model.remove(board integer, n integer, salt bigint) returns void language plpgsql as $$
declare
    chosen integer[];
begin
    perform model.hold(array[board]);
    chosen := model.draw(board, n, salt);
    if chosen <> '{}' then
        delete from model.items i where i.board = remove.board and i.id = any (chosen);
        perform model.place(chosen, null), model.changed(array[board]);
    end if;
end
$$;

create function model.move(source integer, target integer, n integer, salt bigint) returns void language plpgsql as $$
declare
    chosen integer[];
begin
    /* Through the partitioned table; rows may change their partition. */
    perform model.hold(array[source, target]);
    chosen := model.draw(source, n, salt);
    if chosen <> '{}' and source <> target then
        update model.items i set board = target, at = clock_timestamp() where i.board = source and i.id = any (chosen);
        perform model.place(chosen, target), model.changed(array[source, target]);
    end if;
end
$$;

create function model.carry(item integer, source integer, target integer) returns void language sql as $$
    /* Moves this very item. */
    select model.hold(array[source, target]);
    update model.items i set board = target where i.board = source and i.id = item;
    select model.place(array[item], target), model.changed(array[source, target]);
$$;

create function model.upsert(board integer, n integer, salt bigint, note text) returns void language plpgsql as $$
declare
    here integer[];
    nowhere integer[];
begin
    perform model.hold(array[board]);
    here := model.draw(board, n, salt);
    nowhere := model.draw_nowhere(1, salt);
    if here || nowhere <> '{}' then
        insert into model.items as i (board, id, x, note)
        select upsert.board, c, 1, upsert.note from unnest(here || nowhere) c
        on conflict on constraint items_pkey do update set x = i.x + excluded.x, note = excluded.note;
        perform model.place(nowhere, board), model.changed(array[board]);
    end if;
end
$$;

create function model.merge(board integer, n integer, salt bigint, note text) returns void language plpgsql as $$
declare
    here integer[];
    nowhere integer[];
begin
    /* All three arms at once: the first is deleted, others are updated, a new one inserted. */
    perform model.hold(array[board]);
    here := model.draw(board, n, salt);
    nowhere := model.draw_nowhere(1, salt);
    if here || nowhere <> '{}' then
        merge into model.items i
        using (select c as id, c = here[1] as first from unnest(here || nowhere) c) s
        on i.board = merge.board and i.id = s.id
        when matched and s.first then delete
        when matched then update set x = i.x - 1, note = merge.note
        when not matched then insert (board, id, x, note) values (merge.board, s.id, 0, merge.note);
        perform model.place(here[1:1], null), model.place(nowhere, board), model.changed(array[board]);
    end if;
end
$$;

create function model.leaf(board integer, salt bigint, note text) returns void language plpgsql as $$
declare
    partition regclass;
begin
    /* Past the partitioned table, on the partition that has the row. */
    perform model.hold(array[board]);
    partition := (select i.tableoid from model.items i where i.board = leaf.board limit 1);
    if partition is not null then
        execute format('update %s set note = $1, x = x + 3 where board = $2 and id = any ($3)', partition)
        using note, board, model.draw(board, 1, salt);
        perform model.changed(array[board]);
    end if;
end
$$;

create function model.relocate(source integer, target integer, note text) returns void language sql as $$
    /* One statement that changes two tables' rows of two boards, by a CTE. */
    select model.hold(array[source, target]);
    with gone as (delete from model.items i where i.board = source and source <> target returning i.*),
         come as (insert into model.items (board, id, x, note) select target, g.id, g.x, relocate.note from gone g returning id)
    select model.place(array_agg(c.id), target), model.changed(array[source, target]) from come c having count(*) > 0;
$$;

create function model.cleaned(board integer, note text) returns void language sql as $$
    select model.hold(array[board]);
    update model.items i set note = cleaned.note where i.board = cleaned.board and i.note like 'poison%';
$$;

create function model.mark(board integer, writer integer, number bigint, x integer, note text) returns void language sql as $$
    insert into model.marks (board, writer, side, number, x, note)
    select board, writer, side, number, side * x, note from unnest(array[-1, 1]) side
    on conflict on constraint marks_pkey do update set number = excluded.number, x = excluded.x, note = excluded.note;
$$;

create function model.scrap(board integer, pair bigint, x integer, note text) returns void language sql as $$
    insert into model.scraps (board, pair, side, x, note)
    select board, pair, side, side * x, note from unnest(array[-1, 1]) side;
$$;

create function model.unscrap(board integer) returns void language sql as $$
    delete from model.scraps s where s.board = unscrap.board
        and s.pair = (select min(t.pair) from model.scraps t where t.board = unscrap.board);
$$;

create function model.toggle(gate integer, note text) returns void language sql as $$
    update model.gates set version = version + 1, note = toggle.note where id = gate;
$$;

create function model.caught(statement text) returns void language plpgsql as $$
begin
    /* Does it, and takes it back in an exception block. */
    begin
        execute statement;
        raise exception 'never mind';
    exception when raise_exception then
        null;
    end;
end
$$;

-- ---- what happens at the commit ------------------------------------------------------------------------
-- Writers' own deferred triggers, among which those of crier must find their place.

create table model.postponed (board integer not null, times integer not null, salt bigint not null, note text not null);
create function model.postponed_due() returns trigger language plpgsql as $$
begin
    /* Changes a board at the commit, or when SET CONSTRAINTS says so; put off again, behind everything
       that stands there now, until it is the last time. */
    if new.times > 1 then
        insert into model.postponed values (new.board, new.times - 1, new.salt, new.note);
    else
        perform model.alter(new.board, 1, new.salt, new.note);
        perform model.seal();
    end if;
    return null;
end
$$;
create constraint trigger postponed_due after insert on model.postponed
    deferrable initially deferred for each row execute function model.postponed_due();

-- ---- documents ---------------------------------------------------------------------------------------

create function model.dawdle(much double precision) returns void language sql volatile as $$
    /* Mostly a moment, sometimes long: time for commits, and for faults, in the middle of a read. */
    select pg_sleep(case when random() < 0.2 then much else much / 20 end * random());
$$;

create function model.gate_of_reads(class integer, id integer) returns void language sql volatile as $$
    /* Whoever holds the gate's lock stops here a relay's read that has its snapshot already. */
    select case when current_setting('application_name') = 'pgcrier' then pg_advisory_xact_lock_shared(class, id) end;
$$;

create function model.board(_board integer) returns json language sql stable as $$
    select json_build_object('board', b.id, 'version', b.version, 'items', coalesce(
        (select json_agg(json_build_object('id', i.id, 'x', i.x, 'note', i.note, 'at', i.at) order by i.id)
         from model.items i where i.board = b.id), '[]'))
    from model.boards b where b.id = _board;
$$;

create function model.slow(_board integer) returns jsonb language plpgsql volatile as $$
declare
    found_version bigint := (select b.version from model.boards b where b.id = _board);
    found_items jsonb;
begin
    /* Several statements with time between them: torn, unless one snapshot holds for all. */
    perform model.gate_of_reads(1, _board), model.dawdle(0.12);
    found_items := coalesce((select jsonb_agg(jsonb_build_object('id', i.id, 'x', i.x, 'note', i.note) order by i.id)
                             from model.items i where i.board = _board), '[]');
    perform model.dawdle(0.12);
    return jsonb_build_object('board', _board, 'version', found_version, 'items', found_items,
        'count', (select count(*) from model.items i where i.board = _board));
end
$$;

create function model.bulk(_board integer) returns crier.json_text language sql volatile as $$
    select jsonb_set(model.board(_board)::jsonb, '{padding}', to_jsonb(repeat(md5(b.version::text), 6000)))::text
    from model.boards b where b.id = _board;
$$;

create function model.item(_id integer) returns json language plpgsql volatile as $$
declare
    place model.places;
    result json;
begin
    /* The item and the whole board it is on; NULL while it is nowhere. */
    select * into place from model.places p where p.item = _id and p.board is not null;
    if not found then
        return null;
    end if;
    perform model.gate_of_reads(2, _id), model.dawdle(0.25);
    select json_build_object('item', _id, 'moves', place.moves, 'board', b.id, 'version', b.version, 'items',
        (select json_agg(json_build_object('id', i.id, 'x', i.x, 'note', i.note) order by i.id)
         from model.items i where i.board = b.id))
    into result from model.boards b where b.id = place.board;
    perform model.dawdle(0.25);
    return result;
end
$$;
create function model.board_of(_id integer) returns text language sql stable as $$
    select 'board/' || p.board from model.places p where p.item = _id;
$$;

create function model.list("from" integer default 1, "limit" integer default 1000) returns jsonb language sql stable as $$
    select jsonb_build_object('boards', coalesce(jsonb_agg(to_jsonb(l) order by l.board), '[]'))
    from (select b.id as board, b.version, (select count(*) from model.items i where i.board = b.id) as count
          from model.boards b where b.id >= list."from" order by b.id limit list."limit") l;
$$;

create function model.marks_of(_board integer) returns json language sql stable as $$
    select json_build_object('board', _board, 'marks', coalesce(
        json_agg(json_build_array(m.writer, m.side, m.number, m.x, m.note) order by m.writer, m.side), '[]'))
    from model.marks m where m.board = _board;
$$;

create function model.scraps_of(_board integer) returns jsonb language sql stable as $$
    select jsonb_build_object('board', _board, 'count', count(*), 'sum', coalesce(sum(s.x), 0), 'scraps', coalesce(
        jsonb_agg(jsonb_build_array(s.pair, s.x, s.note) order by s.pair, s.side), '[]'))
    from model.scraps s where s.board = _board;
$$;

create function model.gate(_id integer) returns jsonb language sql stable as $$
    select jsonb_build_object('gate', g.id, 'version', g.version, 'note', g.note)
    from model.gates g where g.id = _id and g.version % 2 = 1;
$$;

-- ---- inline documents ----------------------------------------------------------------------------------

create function model.quick(_board integer) returns json language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp as $$
begin
    /* Shows times, so that a writer's settings would show in it, too. */
    perform model.gate_of_reads(3, _board);
    return model.board(_board);
end
$$;

create function model.both(_board integer) returns json language sql stable security definer
    set search_path = pg_catalog, pg_temp as $$ select model.board(_board) $$;
create function model.both_topic(_board integer) returns text language sql immutable as $$ select 'board/' || _board $$;

create function model.tally(_board integer) returns json language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp as $$
begin
    /* Takes its time at commits, after its snapshot was taken, so that others come in between. */
    if current_setting('application_name') <> 'pgcrier' then
        perform pg_sleep(coalesce(nullif(current_setting('model.linger', true), '')::double precision, 0.025 * random()));
    end if;
    return model.marks_of(_board);
end
$$;
create function model.tally_topic(_board integer) returns text language sql immutable as $$ select '/api/marks/' || _board $$;

create function model.brief("from" integer default 1, "limit" integer default 1000) returns jsonb
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$ select model.list("from", "limit") $$;

-- ---- what is live ------------------------------------------------------------------------------------
-- Nothing is read again by itself, or lost changes would be found after a while.

select crier.live('/api/board/{board}', 'model.board(integer)', reread => '1 day');
select crier.live('/api/slow/{board}', 'model.slow(integer)', event => 'slow', min_interval => '0', reread => '1 day');
select crier.live('/api/bulk/{board}', 'model.bulk(integer)', event => 'bulk', min_interval => '150 ms', reread => '1 day');
select crier.live('/api/item/{id}', 'model.item(integer)', topic => 'model.board_of(integer)', min_interval => '10 ms', reread => '1 day');
select crier.live('/api/list', 'model.list(integer,integer)', reread => '1 day');
select crier.live('/api/marks/{board}', 'model.marks_of(integer)', event => 'marks', reread => '1 day');
select crier.live('/api/scraps/{board}', 'model.scraps_of(integer)', reread => '1 day');
select crier.live('/api/gate/{id}', 'model.gate(integer)', reread => '1 day');

-- Inline: alone on its topic; on the topic of items, which go by reference; on that of marks, likewise;
-- several documents of one topic.
select crier.live('/api/quick/{board}', 'model.quick(integer)', inline => true, min_interval => '20 ms', reread => '1 day');
select crier.live('/api/both/{board}', 'model.both(integer)', topic => 'model.both_topic(integer)', inline => true, min_interval => '0', reread => '1 day');
select crier.live('/api/tally/{board}', 'model.tally(integer)', topic => 'model.tally_topic(integer)', event => 'tally', inline => true, min_interval => '5 ms', reread => '1 day');
select crier.live('/api/brief', 'model.brief(integer,integer)', inline => true, reread => '1 day');

select crier.watch('model.items', '/api/quick/{board}');
select crier.watch('model.items', '/api/brief');
select crier.watch('model.items', '/api/board/{board}');
select crier.watch('model.items', '/api/slow/{board}');
select crier.watch('model.items', '/api/bulk/{board}');
select crier.watch('model.items', 'board/{board}');
select crier.watch('model.items', '/api/list');
select crier.watch('model.marks', '/api/marks/{board}');
select crier.watch('model.scraps', '/api/scraps/{board}');
select crier.watch('model.gates', '/api/gate/{id}');

grant usage on schema model to relay;
grant select on all tables in schema model to relay;

-- ---- the beginning -----------------------------------------------------------------------------------

insert into model.boards (id) select generate_series(1, :boards);
insert into model.places (item) select generate_series(1, :items);
insert into model.gates (id) select generate_series(1, :gates);
insert into model.items (board, id, x, note)
select 1 + p.item % :boards, p.item, 0, 'begin' from model.places p where p.item % 5 <> 0;
update model.places p set board = i.board from model.items i where i.id = p.item;
select model.changed(array_agg(b.id)) from model.boards b;
select count(*) from model.seal();
commit;
