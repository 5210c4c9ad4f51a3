/* The canonical spelling of values: crier.encode, and that crier.decode reads it back. */
begin;
select no_plan();

select is(crier.encode(v.value), v.spelled, format('encode: %s', v.what))
from (values
    ('', '', 'nothing stays nothing'),
    ('AZaz09-._~', 'AZaz09-._~', 'unreserved octets stay'),
    (' ', '%20', 'a space is %20, not +'),
    ('a/b?c#d', 'a%2Fb%3Fc%23d', 'delimiters'),
    ('!$&''()*+,;=:@', '%21%24%26%27%28%29%2A%2B%2C%3B%3D%3A%40', 'what a literal may have, a value may not'),
    ('"\{}%', '%22%5C%7B%7D%25', 'JSON''s and templates'' own characters'),
    (E'\t\n\r\x7f', '%09%0A%0D%7F', 'control characters'),
    ('é', '%C3%A9', 'two octets'), ('€', '%E2%82%AC', 'three octets'), ('😀', '%F0%9F%98%80', 'four octets'),
    (U&'\2028', '%E2%80%A8', 'a line separator'),
    ('17', '17', 'a number'), ('-1', '-1', 'a negative number'),
    ('2026-11-21 10:00:00+00', '2026-11-21%2010%3A00%3A00%2B00', 'a time'),
    ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a UUID')
) as v(value, spelled, what);

select is(crier.encode(null), null, 'encode: NULL stays NULL');

select is(
    (select string_agg(crier.encode(chr(c)), '' order by c) from generate_series(1, 127) c),
    (select string_agg(case when chr(c) ~ '[A-Za-z0-9._~-]' then chr(c) else '%' || upper(lpad(to_hex(c), 2, '0')) end, '' order by c)
     from generate_series(1, 127) c),
    'encode: every ASCII octet');

select is_empty(
    $$ select c from generate_series(1, 55295) c where crier.decode(crier.encode(chr(c))) <> chr(c) $$,
    'encode: every character of the lower planes comes back');

select is(crier.encode(repeat('ü', 3) || 'x'), '%C3%BC%C3%BC%C3%BCx', 'encode: order is kept');

select throws_ok($$ select crier.decode('%4') $$, '22023', null, 'decode: half an escape is refused');
select throws_ok($$ select crier.decode('%zz') $$, '22023', null, 'decode: no hex is refused');
select throws_ok($$ select crier.decode('%C3') $$, '22021', null, 'decode: half a character is refused');
select throws_ok($$ select crier.decode('%00') $$, '22021', null, 'decode: NUL is refused');
select is(crier.decode('a+b%2B', true), 'a b+', 'decode: + is a space in a query');
select is(crier.decode('a+b'), 'a+b', 'decode: + is itself in a path');

select * from finish();
rollback;
