/* talking.recordings: every way to add, change and delete one, and that root_id and the sizes of the
   threads are right after each. */
begin;
set local client_min_messages = 'warning';
select no_plan();

truncate talking.recordings cascade;
alter table talking.recordings alter id restart with 10000;

create function pg_temp.right_(what text) returns setof text language plpgsql as $$
begin
    return next is_empty($q$
        with recursive t as (
            select r.id, r.id as root from talking.recordings r where r.parent_id is null
            union all
            select r.id, t.root from t join talking.recordings r on r.parent_id = t.id)
        select r.id from talking.recordings r left join t on t.id = r.id where r.root_id is distinct from t.root $q$,
        what || ': every root_id is right');
    return next set_eq(
        'select root_id, sum(recordings)::bigint from talking.thread_sizes group by root_id having sum(recordings) <> 0',
        'select root_id, count(*) from talking.recordings group by root_id',
        what || ': every thread''s size is right');
end
$$;

insert into talking.recordings (id, author, title) values (1, 'Ada', 'One');
insert into talking.recordings (id, parent_id, author) values (2, 1, 'Ben');
select pg_temp.right_('a thread and a reply');
insert into talking.recordings (id, parent_id, author) values (3, null, 'Cem'), (4, 3, 'Dee'), (5, 4, 'Eve'), (6, 2, 'Fay');
select pg_temp.right_('a thread with its replies in one statement, parents first');
insert into talking.recordings (id, parent_id, root_id, author) values (7, 1, 3, 'Gus');
select pg_temp.right_('a root_id given by hand does not matter');
insert into talking.recordings (id, parent_id, author) values (2, 3, 'nobody'), (8, 3, 'Hal') on conflict (id) do nothing;
select pg_temp.right_('a reply that is there already');
insert into talking.recordings (id, parent_id, author) values (8, 1, 'Hal')
    on conflict (id) do update set title = 'Again', parent_id = excluded.parent_id;
select is(parent_id, 1, 'upsert: moved') from talking.recordings where id = 8;
select pg_temp.right_('upsert');
merge into talking.recordings r using (values (8, 3, 'Hal'), (9, 5, 'Ivy'), (7, 0, null)) as v(id, parent, author) on r.id = v.id
    when matched and v.parent = 0 then delete
    when matched then update set parent_id = v.parent
    when not matched then insert (id, parent_id, author) values (v.id, v.parent, v.author);
select is(array_agg(id order by id), '{1,2,3,4,5,6,8,9}', 'merge: as said') from talking.recordings;
select pg_temp.right_('merge');
with gone as (delete from talking.recordings where id = 9 returning parent_id)
    insert into talking.recordings (id, parent_id, author) select 10, g.parent_id, 'Jan' from gone g;
select pg_temp.right_('a statement that deletes and inserts');
insert into talking.recordings (id, parent_id, author)
    select 100 + i, case when i > 0 then 100 + i / 3 end, 'x' from generate_series(0, 500) i;
select pg_temp.right_('many in one statement');

savepoint s;
insert into talking.recordings (parent_id, author) values (1, 'x');
delete from talking.recordings where id = 3;
rollback to s;
select pg_temp.right_('rolled back to a savepoint');
do $$ begin
    insert into talking.recordings (parent_id, author) values (1, 'x');
    raise division_by_zero;
exception when division_by_zero then null;
end $$;
select pg_temp.right_('an exception block');

select throws_ok('insert into talking.recordings (parent_id, author) values (99, ''x'')', '23503', null, 'a reply to nothing is refused');
select throws_ok('insert into talking.recordings (id, parent_id, author) values (98, 98, ''x'')', '23503', null, 'and one to itself');
select throws_ok('update talking.recordings set root_id = 3 where id = 2', '428C9', null, 'root_id cannot be set');
select throws_ok('update talking.recordings set id = 99 where id = 6', '428C9', null, 'nor id');
select lives_ok('update talking.recordings set id = id, root_id = root_id', 'but to what it is');
select throws_ok('update talking.recordings set score = 1', '428C9', null, 'nor the score');
select throws_ok('insert into talking.recordings (title) values (''x'')', '23502', null, 'somebody has to speak');
select throws_ok('insert into talking.recordings (author, duration_ms) values (''x'', -1)', '23514', null, 'no negative duration');
select throws_ok('insert into talking.recordings (author, created_at) values (''x'', ''infinity'')', '23514', null, 'no endless time, which is no JSON');
select throws_ok('update talking.recordings set ups = -1 where id = 1', '23514', null, 'no negative votes');
insert into talking.recordings (author) values ('now') returning id as latest \gset
select is(created_at, now(), 'created_at is now') from talking.recordings where id = :latest;

-- Deleting.
delete from talking.recordings where id = 4;
select is_empty('select from talking.recordings where id in (4, 5, 10)', 'a deleted recording takes its replies along');
select pg_temp.right_('a reply with replies deleted');
delete from talking.recordings where id in (1, 101, 105);
select pg_temp.right_('a thread and two subtrees deleted');
delete from talking.recordings;
select pg_temp.right_('all deleted');
select is_empty('select from talking.thread_sizes', 'nothing is left of deleted threads');
insert into talking.recordings (id, parent_id, author) select i, nullif(i - 1, 0), 'x' from generate_series(1, 3000) i;
select pg_temp.right_('a chain');
delete from talking.recordings where id = 1500;
select pg_temp.right_('half a chain deleted');
truncate talking.recordings cascade;
alter table talking.recordings alter id restart with 10000;
select is_empty('select from talking.thread_sizes', 'truncate empties the sizes');

-- A search_path where the names that a recording is written with mean something else.
create schema hostile;
create function hostile.concat(text, integer, text, json) returns text language sql as $$ select 'hostile' $$;
create function hostile.to_json(text) returns json language sql as $$ select '"hostile"'::json $$;
create function hostile.sqrt(double precision) returns double precision language sql as $$ select 17.0::double precision $$;
set local search_path = hostile, pg_catalog, public;
insert into talking.recordings (id, author, title, created_at, ups, downs) values (20001, 'a', 't', 'epoch', 2, 1);
set local search_path = '';
insert into talking.recordings (id, author, title, created_at, ups, downs) values (20002, 'a', 't', 'epoch', 2, 1);
reset search_path;
select is((a.head, a.score)::text, (replace(b.head, '20002', '20001'), b.score)::text, 'a recording is written alike under any search_path')
from talking.recordings a, talking.recordings b where (a.id, b.id) = (20001, 20002);
delete from talking.recordings where id > 20000;

-- Folding.
select setseed(0.5); -- or once in some thousand runs nobody would fold in time
insert into talking.recordings (id, author) values (1, 'x'), (2, 'y');
do $$ begin for i in 1..300 loop insert into talking.recordings (parent_id, author) values (1, 'x'); end loop; end $$;
select pg_temp.right_('300 single replies');
select ok(count(*) < 250, 'now and then a writer folds the sizes') from talking.thread_sizes where root_id = 1;
select talking.thread_sizes_fold('{1}');
select results_eq('select root_id, recordings from talking.thread_sizes order by root_id', 'values (1, 301), (2, 1)', 'folding leaves one row of the same sum');
select talking.thread_sizes_fold('{1,2,3}');
select results_eq('select root_id, recordings from talking.thread_sizes order by root_id', 'values (1, 301), (2, 1)', 'folding what is folded changes nothing');

select * from finish();
rollback;
