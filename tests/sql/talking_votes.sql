/* talking.votes: every way to change one, and that the recordings count them. */
begin;
set local client_min_messages = 'warning';
select no_plan();

truncate talking.recordings cascade;
insert into talking.recordings (id, parent_id, author) values (1, null, 'a'), (2, 1, 'b'), (3, 1, 'c');
create function pg_temp.voter(n integer) returns uuid language sql as $$ select md5(n::text)::uuid $$;
create function pg_temp.counts() returns text language sql as $$
    select string_agg(ups || '/' || downs, ' ' order by id) from talking.recordings $$;

insert into talking.votes values (1, pg_temp.voter(1), 1);
select is(pg_temp.counts(), '1/0 0/0 0/0', 'one for');
insert into talking.votes values (1, pg_temp.voter(2), -1), (2, pg_temp.voter(1), 1), (2, pg_temp.voter(2), 1), (3, pg_temp.voter(1), 0);
select is(pg_temp.counts(), '1/1 2/0 0/0', 'several; 0 counts for nothing');
update talking.votes set direction = -direction where recording_id = 2;
select is(pg_temp.counts(), '1/1 0/2 0/0', 'minds changed');
update talking.votes set direction = 0 where recording_id = 1;
select is(pg_temp.counts(), '0/0 0/2 0/0', 'votes taken back');
insert into talking.votes values (1, pg_temp.voter(1), 1), (1, pg_temp.voter(3), 1)
    on conflict (recording_id, voter) do update set direction = excluded.direction;
select is(pg_temp.counts(), '2/0 0/2 0/0', 'upsert: one new, one changed');
insert into talking.votes values (1, pg_temp.voter(1), -1) on conflict do nothing;
select is(pg_temp.counts(), '2/0 0/2 0/0', 'upsert: left as it is');
merge into talking.votes v using (values (1, pg_temp.voter(1), -1), (2, pg_temp.voter(1), 0), (3, pg_temp.voter(9), 1)) as n(recording, voter, direction)
    on (v.recording_id, v.voter) = (n.recording, n.voter)
    when matched and n.direction = 0 then delete
    when matched then update set direction = n.direction::smallint
    when not matched then insert values (n.recording, n.voter, n.direction::smallint);
select is(pg_temp.counts(), '1/1 0/1 1/0', 'merge: changed, deleted and new');
update talking.votes set recording_id = 3 where recording_id = 1 and voter = pg_temp.voter(3);
select is(pg_temp.counts(), '0/1 0/1 2/0', 'given to another recording');
update talking.votes set voter = pg_temp.voter(77) where voter = pg_temp.voter(9);
select is(pg_temp.counts(), '0/1 0/1 2/0', 'given to another voter');
update talking.votes set direction = 1 where false;
select is(pg_temp.counts(), '0/1 0/1 2/0', 'a statement without rows');
delete from talking.votes where recording_id = 3;
select is(pg_temp.counts(), '0/1 0/1 0/0', 'deleted');
insert into talking.votes select 1 + i % 3, pg_temp.voter(1000 + i), case when i % 5 = 0 then -1 else 1 end from generate_series(1, 1500) i;
select is(pg_temp.counts(), '400/101 400/101 400/100', 'many in one statement');
savepoint s;
delete from talking.votes;
select is(pg_temp.counts(), '0/0 0/0 0/0', 'all deleted');
rollback to s;
select is(pg_temp.counts(), '400/101 400/101 400/100', 'rolled back');
delete from talking.recordings where id = 2;
select is(count(*)::integer, 0, 'a recording takes its votes along') from talking.votes where recording_id = 2;
truncate talking.votes;
select is(pg_temp.counts(), '0/0 0/0', 'truncated');

select throws_ok('insert into talking.votes values (99, pg_temp.voter(1), 1)', '23503', null, 'a vote on nothing is refused');
select throws_ok('insert into talking.votes values (1, pg_temp.voter(1), 2)', '23514', null, 'and one that counts double');
insert into talking.votes values (1, pg_temp.voter(1), 1);
select throws_ok('insert into talking.votes values (1, pg_temp.voter(1), 1)', '23505', null, 'and a second one');

select * from finish();
rollback;
