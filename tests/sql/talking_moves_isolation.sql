/* Above READ COMMITTED a move is refused, clearly; everything else goes. */
begin isolation level repeatable read;
select no_plan();

insert into talking.recordings (id, parent_id, author) values (1000001, null, 'a'), (1000002, 1000001, 'a'), (1000003, null, 'b');
select throws_ok('update talking.recordings set parent_id = 1000003 where id = 1000002', '0A000', null, 'a move is refused');
create function pg_temp.hint() returns text language plpgsql as $$
declare
    said text;
begin
    update talking.recordings set parent_id = 1000003 where id = 1000002;
exception when feature_not_supported then
    get stacked diagnostics said = pg_exception_hint;
    return said;
end
$$;
select matches(pg_temp.hint(), 'isolation level read committed', 'and the hint says what to do');
select lives_ok('update talking.recordings set parent_id = parent_id, title = ''t''', 'what stays where it is may be written');
select lives_ok('insert into talking.votes values (1000001, ''00000000-0000-0000-0000-000000000001'', 1)', 'votes go');
do $$ begin for i in 1..200 loop insert into talking.recordings (parent_id, author) values (1000001, 'x'); end loop; end $$;
select is(count(*)::integer, 201, 'replies go, and nobody folds') from talking.thread_sizes where root_id = 1000001;
select lives_ok('delete from talking.recordings where id = 1000001', 'deletes go');

select * from finish();
rollback;
