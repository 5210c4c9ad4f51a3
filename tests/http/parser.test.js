// The reference parser that the other tests trust, against the examples and the rules of WHATWG HTML
// 9.2.6: each case is fed whole, octet by octet, and in pieces of every size.

import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { SseParser } from '../lib/sse.js';

function parse(bytes, size = bytes.length || 1) {
  const parser = new SseParser();
  for (let i = 0; i < bytes.length; i += size) parser.feed(bytes.subarray(i, i + size));
  parser.end();
  return parser;
}

const event = (data, type = 'message', id = '') => [type, data, id];

for (const [what, text, events, more = {}] of [
  ['three lines of data', 'data: YHOO\ndata: +2\ndata: 10\n\n', [event('YHOO\n+2\n10')]],
  ['a comment, an id, an empty id, an unfinished block',
    ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n',
    [event('first event', 'message', '1'), event('second event')], { comments: [' test stream'] }],
  ['data without a colon, twice, and an unfinished one', 'data\n\ndata\ndata\n\ndata:\n', [event(''), event('\n')]],
  ['one space is taken away, not two', 'data:test\n\ndata: test\n\ndata:  test\n\n', [event('test'), event('test'), event(' test')]],
  ['LF, CR and CRLF, mixed', 'data: a\r\ndata: b\rdata: c\n\r\n\rdata: d\r\r', [event('a\nb\nc'), event('d')]],
  ['CRLF is one line end, not two', 'event: x\r\ndata: a\r\n\r\n', [event('a', 'x')]],
  ['one byte order mark is dropped', '\ufeffdata: a\n\n', [event('a')]],
  ['a second one is part of the name', '\ufeff\ufeffdata: a\n\ndata: b\n\n', [event('b')], { complaints: ['unknown field \ufeffdata'] }],
  ['one inside is data', 'data: \ufeff\n\n', [event('\ufeff')]],
  ['half a byte order mark is no mark', '\xef\xbb', [], { latin1: true, complaints: ['ended inside a block'] }],
  ['an id stays', 'id: 1\ndata: a\n\ndata: b\n\n', [event('a', 'message', '1'), event('b', 'message', '1')]],
  ['an id of a block without data counts', 'id: 7\n\ndata: a\n\n', [event('a', 'message', '7')]],
  ['an id with NUL is ignored', 'id: 1\n\nid: 2\0\ndata: a\n\n', [event('a', 'message', '1')], { complaints: ['NUL in an id'] }],
  ['an id of an unfinished block does not count', 'data: a\n\nid: 9\n', [event('a')], { lastEventId: '' }],
  ['a type lasts for one event', 'event: x\ndata: a\n\ndata: b\n\n', [event('a', 'x'), event('b')]],
  ['an event without data is none', 'event: x\n\ndata: a\n\n', [event('a')], { complaints: ['event x without data is never seen'] }],
  ['retry is digits alone', 'retry: 12\n\nretry: 1x\n\nretry:\n\n', [],
    { retry: 12, complaints: ['retry is not digits: 1x', 'retry is not digits: '] }],
  ['names are exact', 'Data: a\n data: b\ndata : c\ndata: d\n\n', [event('d')],
    { complaints: ['unknown field Data', 'unknown field  data', 'unknown field data '] }],
  ['a colon in the value', 'data: a: b:\n\n', [event('a: b:')]],
  ['U+2028 and U+0085 end no line', 'data: a\u2028b\u0085c\n\n', [event('a\u2028b\u0085c')]],
  ['characters of four octets', 'data: \u{1F600}\n\n', [event('\u{1F600}')]],
  ['what is no UTF-8 is replaced, and complained of', 'data: \xff\n\n', [event('\ufffd')], { latin1: true, complaints: ['not UTF-8'] }],
  ['nothing', '', []],
]) {
  test(`parser: ${what}`, () => {
    const bytes = Buffer.from(text, more.latin1 ? 'latin1' : 'utf8');
    for (let size = bytes.length || 1; size >= 1; size -= 1) {
      const parser = parse(bytes, size);
      deepStrictEqual(parser.events.map((e) => [e.type, e.data, e.id]), events, `in pieces of ${size}`);
      deepStrictEqual(parser.complaints.filter((c) => more.complaints || c !== 'ended inside a block'), more.complaints ?? []);
      if (more.comments) deepStrictEqual(parser.comments, more.comments);
      if ('retry' in more) deepStrictEqual(parser.retry, more.retry);
      if ('lastEventId' in more) deepStrictEqual(parser.lastEventId, more.lastEventId);
    }
  });
}
