/* Sample data for Feeds: psql "$DATABASE_URL" -f db/feeds-sample.sql, after db/feeds.sql.
   Some dozen posts of the last four weeks; times are relative to now. Only where nobody has posted yet. */

\set ON_ERROR_STOP on
\encoding UTF8
begin;

do $$
begin
    if exists (select from feeds.posts) then
        raise exception using errcode = 'object_not_in_prerequisite_state',
            message = 'there are posts already', hint = 'Sample data is for an empty page.';
    end if;
end
$$;

-- The oldest first: each goes on top of its feeds.
insert into feeds.posts (created_at, author, title, content)
select now() - age::interval, author, title, content
from (values
    ('27 days', 'Noor Haddad', 'Sourdough, day one', 'Flour, water, and a jar that I promised not to forget behind the radiator again. #baking #firstattempt'),
    ('26 days 20 hours', 'Oskar Lindqvist', '', 'Found my grandfather''s film camera with a half finished roll in it. Who still develops black and white in #Bergen? #photography'),
    ('25 days', 'Priya Nair', 'The tomatoes have opinions', 'Moved them two metres to the left, into the sun. They sulked for a day and then grew ten centimetres. #garden'),
    ('24 days 3 hours', 'Farid Amini', 'Transposing for a B flat trumpet', 'If you know somebody who plays one, be nice to them. It is a whole life spent one tone away from everybody else. #music'),
    ('23 days 6 hours', 'Chiara Bianchi', 'Night train to Vienna', E'Booked the night train instead of the flight.\n\nBreakfast somewhere in Styria, mountains behind the window, nobody asked me to take my shoes off. #travel #trains'),
    ('22 days', 'Jonas Weber', '', 'Reading "The Left Hand of Darkness" for the third time and it is a third book. #books'),
    ('21 days 9 hours', 'Noor Haddad', 'Sourdough, day six', 'It bubbles! It also smells like a wet dog, but the internet says that is normal. #baking'),
    ('20 days', 'Hiroshi Tanaka', 'Small things in Kyoto', E'The crossing lady who bows to every single child.\nThe vending machine that apologises.\nThe cat asleep in the shrine''s donation box. #travel #cats #photography'),
    ('19 days 2 hours', 'Kateryna Bondar', 'psql tip of the day', '\watch 1 after any query, and your terminal is a dashboard. #postgres'),
    ('18 days 5 hours', 'Luis Castillo', 'Café de olla', 'Cinnamon, piloncillo, one clove, dark roast. Simmer, do not boil. My aunt would like you to know that a French press is cheating. #coffee'),
    ('17 days', 'Tove Eriksen', '', 'The garden centre sold me "slug resistant" hostas. The slugs have not read the label. #garden'),
    ('16 days 7 hours', 'Amara Okafor', 'Choir starts again on Tuesday', 'New season, new room, the same tenor shortage. If you can hold a line you are hired. #music #helpwanted'),
    ('15 days 11 hours', 'Samir Rahman', 'Bikes on trains', 'Three operators, three rules, one very confused conductor. He let us in and pretended to count somebody else''s tickets. #trains #travel'),
    ('14 days', 'Elif Demir', 'Partial indexes', E'Had a queue table with 80 million rows of which 400 are waiting.\n\ncreate index on job (id) where state = ''waiting''\n\nFrom 900 ms to 0.1. I am not even angry, just impressed. #postgres'),
    ('13 days 4 hours', 'Mei Zhang', 'Library haul', 'Two about whales, one about fungi, and a cookbook that I will only look at. #books'),
    ('12 days 8 hours', 'Yusuf Yılmaz', '', 'Our cat has learned to open the fridge. We have learned to keep the cheese in the safe. #cats'),
    ('11 days', 'Greta Jansen', 'Fog over the harbour', 'Six in the morning, nobody there but a heron and a man with a thermos. I did not take a picture, sorry. #weather #photography'),
    ('10 days 3 hours', 'Oskar Lindqvist', 'The roll is developed', 'Fourteen frames of a birthday in 1987, and on every single one somebody is blinking. I love them all. #photography'),
    ('9 days 6 hours', 'Ben Moreau', 'Learning the accordion at 41', 'Week three. The neighbours have started to greet me very slowly, as one greets the bereaved. #music #firstattempt'),
    ('8 days 21 hours', 'Wanjiru Mwangi', 'Long rains', 'The road to the market is a river again, so the market came to us: three boats, one with a generator and loud gospel. #weather'),
    ('8 days', 'Priya Nair', 'First tomato!', 'It weighs eleven grams and cost, by my calculation, forty euros. #garden #firstattempt'),
    ('7 days 5 hours', 'Quentin Petit', 'Does anybody still write letters?', 'I found a box of them and now I owe seven people an answer since 2004. #books #helpwanted'),
    ('6 days 9 hours', 'Imani Abara', 'Flat white, flat earth', 'Overheard at the counter: "I believe in neither." #coffee'),
    ('5 days 14 hours', 'Viktor Petrov', 'Twelve hours to Ljubljana', 'The train stood still for two of them and the whole carriage played cards. I lost four euros and learned a word that I cannot repeat here. #trains #travel'),
    ('5 days', 'Kateryna Bondar', 'LISTEN and NOTIFY', 'Everybody forgets that the database can simply tell you. No broker, no polling: the commit itself is the news. #postgres'),
    ('4 days 6 hours', 'Noor Haddad', 'Sourdough, day twenty-three', 'A loaf! Dense as a paving stone, but it sang when it came out of the oven. #baking #firstattempt'),
    ('3 days 22 hours', 'Zofia Górska', 'Zażółć gęślą jaźń', 'The sentence that holds every Polish letter, cross-stitched by my mother, now above the piano. #music'),
    ('3 days 8 hours', 'Rosa Santos', '', 'Porto, 17 degrees, laundry between the houses, and a radio somewhere playing the same fado as yesterday. #travel #weather #music'),
    ('2 days 19 hours', 'Dmitri Kovač', 'Advice wanted: a cat and a Christmas tree', 'Last year we hung the tree from the ceiling. It was worse. #cats #helpwanted'),
    ('2 days 4 hours', 'Mei Zhang', 'I did cook from the cookbook', 'Page 112, aubergines. The kitchen looks like a crime scene and I would do it again tonight. #books #baking'),
    ('1 day 9 hours', 'Uma Krishnan', 'Frost warning', 'Bring in the basil. This is not a drill. #garden #weather'),
    ('22 hours', 'Hiroshi Tanaka', 'The slow roaster', 'An old man on Teramachi roasts a hundred grams at a time and will not be hurried. Forty minutes, best cup of the year. #coffee #travel'),
    ('13 hours', 'Amara Okafor', 'We have a tenor!', 'He came to repair the heating. #music'),
    ('7 hours', 'Elif Demir', 'A migration in the morning', E'Added a column with a default to the biggest table we have.\nTwo milliseconds. In version 9 I would have brought a sleeping bag. #postgres #coffee'),
    ('3 hours', 'Greta Jansen', 'Ice on the inside of the window', 'Ferns, feathers, one perfect map of Norway. #weather #photography'),
    ('95 minutes', 'Yusuf Yılmaz', 'Update on the safe', 'The cat has watched me dial. #cats'),
    ('26 minutes', 'Ben Moreau', '', 'Week six. A neighbour knocked and asked for the waltz again. I have made myself a coffee and am pretending to be calm. #music #coffee')
    ) as t(age, author, title, content);

commit;
