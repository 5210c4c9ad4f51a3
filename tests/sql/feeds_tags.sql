/* feeds.tags_of: the contract's rules, and posts' tags. */
begin;
select no_plan();

select is(feeds.tags_of(given), wanted, 'the tags of ' || given)
from (values
    ('##a', '{a}'::text[]), ('x#a#b', '{a,b}'), ('#foo_bar', '{foo}'), ('#foo-bar', '{foo}'), ('C#', null), ('# a', null),
    ('#_a', null), ('#żółw', null), ('#zażółć', '{za}'), ('#123', '{123}'), ('#HelloWorld', '{helloworld}'),
    ('#a #A #a', '{a}'), ('#b #a #B', '{b,a}'), ('', null), ('#', null), ('no tag', null), (E'#a\n#b', '{a,b}'),
    ('#a.#b!', '{a,b}'), ('###', null), ('#ſ', null), (U&'#\212A', null), ('#İstanbul', null), ('#٣', null), ('#ａ', null),
    ('#aŻ#b', '{a,b}'), ('#1a2B', '{1a2b}'), ('😀#a😀', '{a}')) as t(given, wanted);
select is(feeds.tags_of('#' || repeat('a', 65534)), array[repeat('a', 65534)], 'a tag as long as a text');
select is(cardinality(feeds.tags_of(string_agg('#' || to_hex(i), ''))), 10000, 'ten thousand tags') from generate_series(1, 10000) i;

insert into feeds.posts (content) values ('#b #A #b');
select is(tags, '{b,a}', 'a post has the tags of its content') from feeds.posts where content = '#b #A #b';
select throws_ok($$ insert into feeds.posts (tags) values ('{a}') $$, '428C9', null, 'and no others');

select * from finish();
rollback;
