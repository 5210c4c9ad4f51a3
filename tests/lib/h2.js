// h2.js -- a well-behaved client of HTTP/2: node's own.
//
//   const client = await connect2(relay.url);             // h2c by prior knowledge, or TLS for https
//   await client.get('/api/notes/1', { headers })         // as get() of sse.js
//   await client.stream('/api/notes/1', { lastEventId })  // as openStream() of sse.js
//   client.goaway                                         // the error code, once there is one
//   client.close()

import http2 from 'node:http2';
import { Stream } from './sse.js';
import { within } from './until.js';

class Client {
  constructor(session) {
    this.session = session;
    this.goaway = undefined;
    this.requests = new Set(); // open ones
    session.on('goaway', (code) => { this.goaway = code; });
    session.on('error', () => {});
    this.closed = new Promise((resolve) => { session.once('close', resolve); });
  }

  // A request whose answer has begun: { request, status, headers }.
  async open(path, { method = 'GET', headers = {}, body, limit } = {}) {
    const given = { ':path': path, ':method': method, ...headers };
    for (const name of Object.keys(given)) if (given[name] === undefined) delete given[name];
    const request = this.session.request(given, { endStream: body === undefined });
    this.requests.add(request);
    request.once('close', () => this.requests.delete(request));
    const answer = new Promise((resolve, reject) => {
      request.once('response', resolve);
      request.once('error', reject);
      request.once('close', () => reject(new Error(`closed without an answer (code ${request.rstCode})`)));
    });
    answer.catch(() => {});
    if (body !== undefined) request.end(body);
    const answered = await within(answer, `headers of ${path}`, limit);
    return { request, status: answered[':status'], headers: answered };
  }

  async get(path, options) {
    const { request, status, headers } = await this.open(path, options);
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    await within(new Promise((resolve, reject) => {
      request.once('error', reject);
      request.once('end', resolve);
    }), `body of ${path}`, options?.limit);
    const bytes = Buffer.concat(pieces);
    return {
      status, headers, body: bytes,
      get text() { return bytes.toString('utf8'); },
      json() { return JSON.parse(bytes.toString('utf8')); },
    };
  }

  async stream(path, { headers = {}, lastEventId, ...rest } = {}) {
    const { request, status, headers: answered } = await this.open(path, {
      headers: { accept: 'text/event-stream', 'last-event-id': lastEventId, ...headers }, ...rest,
    });
    request.statusCode = status;
    request.headers = answered;
    request.rawHeaders = [];
    return new Stream({ destroy: () => request.close(http2.constants.NGHTTP2_CANCEL) }, request);
  }

  // Node 20 corrupts its heap at times when a session is destroyed under open streams.
  close() {
    for (const request of this.requests) request.close(http2.constants.NGHTTP2_CANCEL);
    this.session.close();
  }
}

// url: of a relay; or { path } of its Unix socket.
export async function connect2(url, options = {}) {
  const to = typeof url === 'string' ? url : 'http://localhost';
  const session = http2.connect(to, {
    rejectUnauthorized: false, ...(typeof url === 'string' ? {} : { createConnection: url.connect }), ...options,
  });
  const client = new Client(session);
  await within(new Promise((resolve, reject) => {
    session.once('connect', resolve);
    session.once('error', reject);
  }), `connection to ${to}`);
  return client;
}
