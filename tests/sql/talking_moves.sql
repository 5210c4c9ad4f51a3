/* Moving recordings: the whole subtree goes along, and nothing ends up below itself. */
begin;
set local client_min_messages = 'warning';
select no_plan();

truncate talking.recordings cascade;
create function pg_temp.roots() returns text language sql as $$
    select string_agg(id || ':' || root_id, ' ' order by id) from talking.recordings $$;
create function pg_temp.sizes() returns text language sql as $$
    select string_agg(root_id || ':' || n, ' ' order by root_id)
    from (select root_id, sum(recordings) as n from talking.thread_sizes group by root_id) s $$;

-- 1 > 2 > 3 > 4, 2 > 5; 11 > 12
insert into talking.recordings (id, parent_id, author)
    values (1, null, 'a'), (2, 1, 'a'), (3, 2, 'a'), (4, 3, 'a'), (5, 2, 'a'), (11, null, 'b'), (12, 11, 'b');

update talking.recordings set parent_id = 12 where id = 2;
select is(pg_temp.roots(), '1:1 2:11 3:11 4:11 5:11 11:11 12:11', 'to another thread: the subtree goes along');
select is(pg_temp.sizes(), '1:1 11:6', 'to another thread: both sizes follow');
update talking.recordings set parent_id = null where id = 3;
select is(pg_temp.roots(), '1:1 2:11 3:3 4:3 5:11 11:11 12:11', 'to the top: a thread of its own');
select is(pg_temp.sizes(), '1:1 3:2 11:4', 'to the top: a size of its own');
update talking.recordings set parent_id = 1 where id = 11;
select is(pg_temp.roots(), '1:1 2:1 3:3 4:3 5:1 11:1 12:1', 'a whole thread becomes a reply');
select is(pg_temp.sizes(), '1:5 3:2', 'a whole thread becomes a reply: its size is gone');
update talking.recordings set parent_id = 11 where id = 5;
select is(pg_temp.roots(), '1:1 2:1 3:3 4:3 5:1 11:1 12:1', 'within the thread');
select is(pg_temp.sizes(), '1:5 3:2', 'within the thread: sizes stay');
update talking.recordings set parent_id = parent_id, title = 'x';
select is(pg_temp.roots(), '1:1 2:1 3:3 4:3 5:1 11:1 12:1', 'to where it is');

-- Several in one statement. Now 1 > 11 > 12 > 2, 11 > 5; 3 > 4.
update talking.recordings set parent_id = 4 where id in (2, 5);
select is(pg_temp.roots(), '1:1 2:3 3:3 4:3 5:3 11:1 12:1', 'two at once');
update talking.recordings set parent_id = case id when 2 then null when 3 then 2 end where id in (2, 3);
select is(pg_temp.roots(), '1:1 2:2 3:2 4:2 5:2 11:1 12:1', 'parent and child change places');
select is(pg_temp.sizes(), '1:3 2:4', 'parent and child change places: sizes follow');
update talking.recordings set parent_id = case id when 4 then 12 when 12 then 3 end where id in (4, 12);
select is(pg_temp.roots(), '1:1 2:2 3:2 4:2 5:2 11:1 12:2', 'one goes below what moves itself');
select is(pg_temp.sizes(), '1:2 2:5', 'one goes below what moves itself: sizes follow');

-- Cycles. Now 1 > 11; 2 > 3 > 12 > 4 > 5.
create temp table shape as select id, parent_id from talking.recordings;
prepare move(integer, integer) as update talking.recordings set parent_id = $2 where id = $1;
select throws_ok('execute move(11, 11)', '23514', null, 'below itself');
select throws_ok('execute move(1, 11)', '23514', null, 'below its reply');
select throws_ok('update talking.recordings set parent_id = case id when 1 then 2 when 2 then 11 end where id in (1, 2)',
    '23514', null, 'two threads below each other, in one statement');
select set_eq('select id, parent_id from talking.recordings', 'table shape', 'a refused move moves nothing');
select throws_ok('execute move(11, 999)', '23503', null, 'below nothing');
truncate talking.recordings cascade;
insert into talking.recordings (id, parent_id, author) select i, nullif(i - 1, 0), 'x' from generate_series(1, 3000) i;
select throws_ok('execute move(1, 3000)', '23514', null, 'below the end of a long chain');
select throws_ok('execute move(2, 3000)', '23514', null, 'the second of it, too');
update talking.recordings set parent_id = null where id = 1501;
update talking.recordings set parent_id = 3000 where id = 1;
select is(count(*)::integer, 3000, 'the two halves of a chain change places') from talking.recordings where root_id = 1501;
select is(pg_temp.sizes(), '1501:3000', 'the two halves of a chain change places: one size is left');
select is(octet_length(talking.recording_tree(1501)) - octet_length(replace(talking.recording_tree(1501), '"replies"', '')),
    3000 * octet_length('"replies"'), 'and the tree has them all');

-- Random moves, with the refusals that must be.
truncate talking.recordings cascade;
do $$
declare
    subject integer;
    target integer;
    below boolean;
    refused boolean;
    wrong integer := 0;
begin
    perform setseed(0.5);
    insert into talking.recordings (id, parent_id, author)
    select i, case when i > 4 then 1 + floor(random() * (i - 1))::integer end, 'x' from generate_series(1, 60) i;
    for n in 1..400 loop
        subject := 1 + floor(random() * 60)::integer;
        target := nullif(floor(random() * 61)::integer, 0);
        with recursive part as (select subject as id union select r.id from part join talking.recordings r on r.parent_id = part.id)
        select coalesce(bool_or(id = target), false) into below from part;
        begin
            update talking.recordings set parent_id = target where id = subject;
            refused := false;
        exception when check_violation then
            refused := true;
        end;
        wrong := wrong + (refused <> below)::integer;
    end loop;
    create temp table outcome as select wrong;
end
$$;
select is(wrong, 0, '400 random moves: refused exactly when below themselves') from outcome;
select is_empty($$
    with recursive t as (
        select r.id, r.id as root from talking.recordings r where r.parent_id is null
        union all
        select r.id, t.root from t join talking.recordings r on r.parent_id = t.id)
    select r.id from talking.recordings r left join t on t.id = r.id where r.root_id is distinct from t.root $$,
    '400 random moves: every root_id is right');
select set_eq(
    'select root_id, sum(recordings)::bigint from talking.thread_sizes group by root_id',
    'select root_id, count(*) from talking.recordings group by root_id', '400 random moves: every size is right');

select * from finish();
rollback;
