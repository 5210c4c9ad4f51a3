/* Sample data for Talking: psql "$DATABASE_URL" -f db/talking-sample.sql, after db/talking.sql.
   A few dozen threads of the last five weeks, one 27 levels deep, one with more than 70 answers to the
   same recording, and some thousand votes. The same every time, but for the times, which are
   relative to now. Only into a forum where nobody has spoken yet. There is no sound in it. */

\set ON_ERROR_STOP on
\encoding UTF8
begin;

create or replace function pg_temp.plant(_parent integer, _author text, _title text, _at timestamptz)
    returns integer language sql volatile
as $$
    /* A recording about as long as it takes to say its title and a little more. */
    insert into talking.recordings (parent_id, author, title, duration_ms, created_at)
    values (_parent, _author, _title, (1400 + length(_title) * (60 + 240 * random() * random()) * case when _parent is null then 6 else 1 end)::integer, _at)
    returning id;
$$;

create or replace function pg_temp.converse(_age interval, _author text, _title text, _replies text[])
    returns void language plpgsql volatile
as $$
declare
    people constant text[] := '{Amara,Ben,Chiara,Dmitri,Elif,Farid,Greta,Hiroshi,Imani,Jonas,Kateryna,Luis,Mei,Noor,Oskar,Priya,Quentin,Rosa,Samir,Tove,Uma,Viktor,Wanjiru,Yusuf,Zofia}';
    asides constant text[] := array[
        'Seconded.', 'Ha! Exactly.', 'Could you say more about that?', 'I had the same thought on the train this morning.',
        'Not so sure, to be honest.', 'This made my day.', 'Thank you, that helps a lot.', 'Same here.',
        'Wait, is that true?', 'Let me try that tonight and report back.', 'You should record a whole series about it.',
        'My grandmother used to say the same.', 'Can confirm, it works.', 'I disagree, but nicely said.',
        'Sorry for the noise, I am outside.', 'Where did you hear that?', 'Adding to the list!', 'Beautiful voice, by the way.',
        'That is what I meant, only better put.', 'Update: it worked!', 'Oh no. Oh no no no.', 'Good question.',
        'I laughed so loud that the dog woke up.', 'Takes me back twenty years.', 'In short: yes.', 'In short: no.'];
    lines text[] := _replies;
    ids integer[] := array[pg_temp.plant(null, _author, _title, now() - _age)];
    authors text[] := array[_author];
    at timestamptz := now() - _age;
    step interval;
    line text;
    parent integer;
    speaker text;
begin
    /* A thread: what is said about it, in order, then asides. A line that begins with > answers the
       one before it, any other the first recording; an aside answers any. */
    for i in 1..(cardinality(_replies) * (0.4 + random()))::integer loop
        lines := lines || asides[1 + floor(random() * cardinality(asides))::integer];
    end loop;
    step := least(_age / (cardinality(lines) + 2), interval '9 hours');
    foreach line in array lines loop
        at := at + step * (0.2 + 1.5 * random());
        parent := case
            when line like '> %' then cardinality(ids)
            when line = any (_replies) then 1
            else 1 + floor(cardinality(ids) * sqrt(random()))::integer end;
        speaker := people[1 + floor(random() * cardinality(people))::integer];
        if speaker = authors[parent] then
            speaker := case when authors[parent] = _author then 'Pat' else _author end;
        end if;
        authors := authors || speaker;
        ids := ids || pg_temp.plant(ids[parent], speaker, ltrim(line, '> '), least(at, now() - interval '40 seconds'));
    end loop;
end
$$;

create or replace function pg_temp.tell(_age interval, _title text, _lines text[])
    returns void language plpgsql volatile
as $$
declare
    tellers constant text[] := '{Rosa,Ben,Mei,Yusuf,Greta,Samir,Wanjiru}';
    parent integer := pg_temp.plant(null, 'Rosa', _title, now() - _age);
begin
    /* A chain: every line answers the one before. */
    for i in 1..cardinality(_lines) loop
        parent := pg_temp.plant(parent, tellers[1 + (i * i + i) % 7], _lines[i],
            now() - _age + i * (_age - interval '25 minutes') / cardinality(_lines));
    end loop;
end
$$;

create or replace function pg_temp.greet(_age interval, _title text)
    returns void language plpgsql volatile
as $$
declare
    place text;
    greeting text;
    n integer := 0;
    thread integer := pg_temp.plant(null, 'Imani', _title, now() - _age);
    guests constant text[] := '{Alma,Bilal,Cosmin,Dalia,Emeka,Fen,Giulia,Henrik,Ines,Jamal,Klara,Leila,Mateo,Nadia,Otto,Pilar,Rania,Sven,Tariq,Ula,Vera,Wei,Ximena,Yara,Zeno}';
    greetings constant text[] := array['Hello from %s!', 'Good evening from %s', '%s calling. It is raining.', 'Listening from a balcony in %s',
        'Hi all, %s here', '%s, where the swifts are back', 'From the night bus in %s', 'A very sleepy hello from %s', '%s! Anybody else from here?'];
begin
    /* A star: everybody answers the same recording, hardly anybody is answered. */
    foreach place in array array[
        'Lisbon','Nairobi','Osaka','Ghent','Tallinn','Oaxaca','Aarhus','Lagos','Porto','Kraków','Valparaíso','Hobart','İzmir','Tbilisi',
        'Montréal','Reykjavík','Utrecht','Accra','Hanoi','Bologna','Leipzig','Cork','Granada','Pune','Malmö','Dakar','Split','Busan',
        'Quito','Trieste','Bergen','Almaty','Nantes','Graz','Kigali','Perth','Lviv','Turku','Fez','Cebu','Rosario','Halifax','Basel',
        'Oulu','Zadar','Tampere','Medellín','Riga','Aleppo','Girona','Bristol','Kyoto','Jena','Tromsø','Haifa','Amman','Sibiu','Galway',
        'Cusco','Plovdiv','Delft','Namur','Tunis','Kochi','Chania','Vilnius','Bilbao','Brno','Windhoek','Dunedin','Ljubljana','Ålesund'] loop
        n := n + 1;
        greeting := format(greetings[1 + n * n % 9], place);
        perform pg_temp.plant(thread, guests[1 + n * 7 % 25], greeting, now() - _age * (1 - n / 80.0) + random() * interval '3 hours');
    end loop;
    perform pg_temp.plant(r.id, 'Imani', 'Welcome! Lovely to hear you.', r.created_at + interval '2 hours')
    from talking.recordings r where r.parent_id = thread and r.id % 9 = 0 and r.created_at < now() - interval '3 hours';
end
$$;

create or replace function pg_temp.vote()
    returns void language sql volatile
as $$
    /* Threads get more votes than replies, and what is deep in one gets few. Every recording has its
       own chance of being liked; every voter votes once. */
    with recursive placed as (
        select r.id, 0 as depth from talking.recordings r where r.parent_id is null
        union all
        select r.id, p.depth + 1 from placed p join talking.recordings r on r.parent_id = p.id),
    liked as materialized (
        select p.id, 0.35 + 0.64 * sqrt(random()) as chance,
            floor(case when p.depth = 0 then 8 + 170 * random() ^ 3 else 26.0 * random() ^ 2 / sqrt(p.depth) end)::integer as voters
        from placed p order by p.id)
    insert into talking.votes (recording_id, voter, direction)
    select l.id, md5('voter ' || l.id || ' ' || v.n)::uuid, case when random() < l.chance then 1 else -1 end
    from liked l cross join lateral generate_series(1, l.voters) as v(n)
    order by l.id, v.n;
$$;

do $$
begin
    if exists (select from talking.recordings) then
        raise notice 'there are recordings already: no sample data';
        return;
    end if;
    perform setseed(0.2718);

    perform pg_temp.greet(interval '20 days', 'Say hello: where are you listening from?');
    perform pg_temp.tell(interval '9 days', 'Let us tell a story together, one sentence each', array[
        'Once, in a lighthouse that nobody had built,', 'there lived a keeper who was afraid of the dark.',
        'Every evening she lit the lamp at noon, to be safe.', 'The ships, being polite, said nothing.',
        'Until one night a very small boat knocked on the door.', '"You are blocking my view of the stars," said the boat.',
        'The keeper had never thought of the stars as neighbours.', 'So she asked the boat in for tea.',
        'The boat could not fit through the door, so they had tea on the stairs.', 'It turned out that the boat was afraid of the light.',
        '"Ridiculous," said the keeper, and then thought about it.', 'They agreed to try something dangerous: half an hour of dusk.',
        'At first nothing happened.', 'Then a whale, who had been waiting for years, began to sing.',
        'It sang badly, but with great conviction.', 'The gulls left. The tea went cold. Nobody minded.',
        'When it was over, the keeper found that she had forgotten the lamp.', 'And the dark was only the sea with its eyes closed.',
        'The boat left before dawn, without saying goodbye.', 'It came back after a minute: it had forgotten its anchor.',
        '"Same time tomorrow?" asked the keeper.', '"Bring biscuits," said the boat.',
        'And that is why, on some nights, the lighthouse blinks a little late.', 'The ships, being polite, still say nothing.',
        'The whale is working on a second song.', 'To be continued?', 'To be continued!']);

    perform pg_temp.converse(interval '34 days', 'Jonas', 'The sound of my city at five in the morning', array[
        'The trams! I can tell it is Prague from the trams alone.', 'Street sweepers, every city has the same street sweepers.',
        'Could you do one at midnight too?', 'Is that a blackbird at 0:12?', '> It is a blackbird. He thinks that he owns the courtyard.',
        'Mine starts with the mosque, then the garbage truck.', 'No birds here, only the fridge.']);
    perform pg_temp.converse(interval '32 days', 'Priya', 'How do you remember names? I forget them while I am being told', array[
        'Say it back at once: nice to meet you, Priya.', 'I rhyme them in my head. Dangerous, but it works.',
        'I forget faces, too, so at least I am consistent.', 'Write it down as soon as they turn around.',
        'Ask how it is spelled. It backfires with Tom.', '> It did backfire with Tom.']);
    perform pg_temp.converse(interval '31 days', 'Oskar', 'Sourdough diary, week one: it smells of paint', array[
        'Paint is normal. Wait for apples.', 'Feed it rye, it will forgive you anything.', 'Mine is called Clint Yeastwood.',
        'Warm place, loose lid, patience.', 'Day nine: apples!', 'We want to hear the crust crackle.', '> Crackle recorded. Turn up the volume.']);
    perform pg_temp.converse(interval '29 days', 'Elif', 'A word in your language that has no translation', array[
        'Gökyüzü is the face of the sky. I find that so beautiful.', 'Feierabend. The evening that belongs to you.',
        'Ukrainian: "мрія", a dream that you are awake for.', 'Swahili: "pole pole", slowly, but kindly.', 'Saudade, before somebody else says it.',
        '> Somebody had to say it.', 'Japanese: 木漏れ日, sunlight through leaves.', 'Finnish: kalsarikännit. Look it up.', '> I looked it up. I feel seen.',
        'Danish: pyt. It means: never mind, it happens.']);
    perform pg_temp.converse(interval '27 days', 'Samir', 'Should I repair a 30-year-old accordion or let it rest?', array[
        'Repair it! The bellows are the easy part.', 'Depends on the reeds. Can you record every button?', '> All 96 buttons, as you wished.',
        '> Third row, the A is flat. The rest is healthy.', 'There is a man in Castelfidardo who does this for a living.', 'Let it rest, and get it a friend.']);
    perform pg_temp.converse(interval '26 days', 'Greta', 'What I learned from cycling to work for one winter', array[
        'Two pairs of gloves. That is the whole secret.', 'Which tyres? Studded?', '> Studded from November to March, then slicks.',
        'The tailwind is always on the other way.', 'I arrived with icicles in my beard and felt like a hero.', 'Try it with a child seat.',
        '> The child sings the whole way. It is the best part.', 'Salt ate my chain.']);
    perform pg_temp.converse(interval '25 days', 'Hiroshi', 'Three minutes of rain on a paper umbrella', array[
        'I fell asleep at 1:40, five stars.', 'What microphone is this?', '> Just the phone, inside the umbrella.', '> Now I want a paper umbrella.']);
    perform pg_temp.converse(interval '23 days', 'Noor', 'Unpopular opinion: voice messages over two minutes need chapters', array[
        'This message was two minutes and ten seconds.', '> I noticed that too, and I am ashamed.', 'Chapters, and a summary, and snacks.',
        '> No! Let people ramble. That is the point.', 'Speed 1.5 is my chapter system.', 'I listen at 0.8 because I like company.',
        'At 2.0 everybody sounds employed.', 'A message is a walk, not a meeting.']);
    perform pg_temp.converse(interval '22 days', 'Dmitri', 'Chess by voice: I open with e4. Anyone?', array[
        'c5.', '> Knight f3.', '> d6.', '> d4, and I take with the pawn.', '> You should announce captures more dramatically.', '> Pawn takes pawn!!!',
        '> Better.', 'Knight takes, and I am going to make tea.', 'Has anybody drawn the board? I am driving.']);
    perform pg_temp.converse(interval '20 days', 'Wanjiru', 'Recording my grandmother: how do I get her to forget the phone?', array[
        'Put it in the fruit bowl and ask about the bowl.', 'Ask about food. It always starts with food.', 'Start the recording long before you ask anything.',
        'Do it now. I waited too long.', '> I am sorry. Thank you for telling us.', 'She talked for an hour about the first bicycle in the village.',
        '> Please let us hear the bicycle story.', '> She says yes, if I cut the part about the priest.']);
    perform pg_temp.converse(interval '19 days', 'Luis', 'Guess the object: only its sound', array[
        'A stapler?', '> Colder.', 'Nutcracker!', '> Warmer. Think of the kitchen, upside down.', 'A salad spinner that was dropped.',
        'An egg slicer, played like a harp?', '> Yes! How did you know?', '> I own two.']);
    perform pg_temp.converse(interval '17 days', 'Kateryna', 'Learning to whistle at 41, day twelve', array[
        'That was nearly a tone!', 'Wet lips, smaller hole, less force.', 'Think of cooling soup.', '> Day fourteen: soup is cold, still no tone.',
        'My father needed a summer.', 'Day nineteen. Listen until the end!', '> WE HAVE A TONE.', '> Half the street applauded here.']);
    perform pg_temp.converse(interval '16 days', 'Yusuf', 'Is a poem still the same when another voice reads it?', array[
        'No, and that is why we should all read the same one.', 'I tried yours. It became shorter.', '> It slowed down in mine.',
        'Different poem, same furniture.', 'What about the voice in your head?', '> That one never has a cold.']);
    perform pg_temp.converse(interval '15 days', 'Mei', 'Neighbour plays the cello from ten to eleven. Tell me not to complain', array[
        'Do not complain. Request something.', 'Put a note under the door: "More Bach, please."', 'I am a cellist. We know. We are sorry.',
        'Ask for nine to ten.', 'I left the note.', '> And?', '> She played the prelude. I cried into the dishes.', '> This is the best thread here.']);
    perform pg_temp.converse(interval '13 days', 'Ben', 'A bug that only happens when nobody looks', array[
        'Does it happen when somebody looks at the log?', 'Time zone. It is always the time zone.', '> It was not the time zone.',
        'Cosmic rays, then. Or a cache.', '> It was a cache.', '> It is always the cache, except when it is the time zone.', '> What did you do?',
        '> Deleted the cache. Slept eleven hours.']);
    perform pg_temp.converse(interval '12 days', 'Farid', 'Best soup when you have a cold, and why it is lentil', array[
        'Chicken. No discussion.', '> Discussion!', 'Tom yum clears everything, including the guests.', 'Lentil with lemon, and then bed.',
        '> Recipe please, slowly, I am writing with a pen.', '> One cup of red lentils, one onion, patience, cumin.', '> How much patience?', '> A heaped tablespoon.']);
    perform pg_temp.converse(interval '11 days', 'Zofia', 'The train stopped in a field and everybody began to talk', array[
        'This only happens in fields. Never in stations.', 'What did you talk about?', '> Somebody shared plums. Then it was easy.',
        'I met my wife that way.', '> On the same train?', '> Same line, different cow.']);
    perform pg_temp.converse(interval '10 days', 'Viktor', 'What do you say to your plants?', array[
        'The weather report.', 'I apologise, mostly.', 'I read them the water bill.', 'Compliments only. Look at this basil.', '> We cannot see the basil.', '> You can hear it is happy.']);
    perform pg_temp.converse(interval '8 days', 'Uma', 'Two tips for public speaking that nobody told me', array[
        'Tip three: drink before, not during.', 'The pause feels long only to you.', 'I count to four on my fingers, behind my back.',
        'What were the two tips? I got lost in the examples.', '> Begin with the end, and look at one person at a time.', '> That would have been a good beginning.', '> Touché.']);
    perform pg_temp.converse(interval '7 days', 'Chiara', 'Nonna versus the pasta machine, live from the kitchen', array[
        'She is winning.', 'Is that the rolling pin?', '> The machine has been returned to its box.', 'What did she say at 0:45?', '> I cannot translate that here.',
        'Eggs per 100 grams?', '> One. She says that if you have to ask, one.']);
    perform pg_temp.converse(interval '6 days', 'Tove', 'First snow! Listen to how quiet it is', array[
        'I turned it up to the maximum and then a dog barked. Thank you.', 'We have 24 degrees and mosquitoes.', 'The quiet before the shovel.', 'Snow eats the high notes, that is why.', '> Really? Physics at last!']);
    perform pg_temp.converse(interval '5 days', 'Quentin', 'Ask me anything: I tune church organs', array[
        'What is the strangest thing you found in a pipe?', '> A bat, a sandwich from 1961, and a love letter.', '> What did the letter say?', '> It was to the sandwich.',
        'How long does one organ take?', '> A small one four days. A big one is never done.', 'Do you hum in tune in the supermarket?', '> I hum with the freezers. They are nearly B flat.',
        '> Mine is A. We could meet.', 'Does winter change it?', '> Every degree, six pipes complain.']);
    perform pg_temp.converse(interval '4 days', 'Amara', 'Can you fall asleep to a language that you do not speak?', array[
        'Portuguese radio, every night.', 'Only to football results.', 'Shipping forecast. I do speak it, but not like that.', 'As a child I thought that adults did nothing else.', 'The weather in Icelandic!', '> That is not a language, it is a landscape.']);
    perform pg_temp.converse(interval '3 days', 'Rosa', 'Lost: grey cat, answers to Bandit, near the canal. This is how I call him', array[
        'Is he shy?', '> Very. He hides in gardens.', 'I played your call on the bridge. A duck came.', 'Grey cat on Mill Street, white socks?', '> White socks! That is him!',
        '> He is in my shed, eating my lunch.', '> On my way!!', '> Listen to this purr.', '> Best ending. Good night, Bandit.']);
    perform pg_temp.converse(interval '2 days', 'Imani', 'How I count in when the drummer is late', array[
        'One, two, you know what to do?', '> We start without him. He thinks that it is jazz.', 'Please record the actual count.', '> As you wish. Mind your ears.']);
    perform pg_temp.converse(interval '40 hours', 'Greta', 'Good news only, please. I will begin', array[
        'Passed the driving test, the fourth time!', 'The scan was clear.', '> Oh, I am so glad.', 'My son said "again" after I read to him.', 'Tomatoes in November.', 'We got the flat!', 'The heater works. That is all.', '> That is a lot.']);
    perform pg_temp.converse(interval '28 hours', 'Ben', 'What is the smallest thing you are proud of this week?', array[
        'I answered the phone.', 'Returned the library book from 2019.', '> What was the fine?', '> They abolished it. I baked them a cake.', 'Did not answer the mail at ten in the evening.', 'Sharpened all pencils.']);
    perform pg_temp.converse(interval '15 hours', 'Kateryna', 'The frogs are back, and they brought friends', array[
        'Is that one frog or forty?', '> Forty, in a pond like a bathtub.', '> The bass one is flirting.', '> Aren''t we all.', 'I sent this to my biology teacher.']);
    perform pg_temp.converse(interval '7 hours', 'Hiroshi', 'Short story in six words. Yours?', array[
        'The lift opened. We were older.', '"Forever" lasted until the next stop.', 'Mother still sets the fourth plate.', '> That one hurts.', 'Deleted the draft. Sent the flowers.', 'Tea first. Then the bad news.']);
    perform pg_temp.converse(interval '2 hours', 'Noor', 'Lunch break, roof, wind. Say something nice to a stranger', array[
        'You have the kind of voice people lend umbrellas to.', 'I hope that your afternoon is short.', 'There is cake somewhere near you. Statistically.', 'Your shoes are fine.']);
    perform pg_temp.converse(interval '35 minutes', 'Luis', 'Testing, testing. Is this thing on?', array[
        'Loud and clear!', 'A little hiss, but it suits you.', 'Copy. Over.']);
    perform pg_temp.vote();
end
$$;
commit;
