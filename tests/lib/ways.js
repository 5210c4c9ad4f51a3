// ways.js -- one application, reached over every protocol that the relay speaks.
//
//   for (const way of waysTo({ plain: relay.url, secure: relay.tlsUrl, path: '/run/s' })) …
//   way.name  way.isHttp2                      'HTTP/1.1', 'h2c on a Unix socket', …
//   await way.get('/api/notes/1')              on a connection of its own, as get() of sse.js
//   await way.streams(['/api/notes/1', …])     over HTTP/2 33 to a connection
//   const upload = way.upload('/x', octets)    a POST, of which the first half is sent
//   await upload.finish()                      the rest, and then the status of the answer
//   way.certificate                            the name in the last certificate that was shown

import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { connect2 } from './h2.js';
import { get, openStream } from './sse.js';
import { within } from './until.js';

const STREAMS = 33; // of one connection
const HOST = 'http://localhost'; // whatever is below
const TYPE = 'application/octet-stream';

// What is said of an upload that has begun; `request` is a writable that tells its answer by `response`.
function halfSent(request, octets, statusOf) {
  const answer = new Promise((resolve, reject) => {
    request.once('response', (head) => resolve(statusOf(head)));
    request.once('error', reject);
    request.once('close', () => reject(new Error('closed without an answer')));
  });
  answer.catch(() => {});
  const half = octets.length >> 1;
  request.write(octets.subarray(0, half));
  return {
    finish() {
      request.end(octets.subarray(half));
      return within(answer, 'answer to an upload').finally(() => request.resume?.());
    },
  };
}

class Way {
  constructor(name, connect) {
    this.name = name;
    this.isHttp2 = this instanceof Way2;
    this.connect = () => {
      const socket = connect();
      socket.once('secureConnect', () => { this.certificate = socket.getPeerCertificate().subject.CN; });
      return socket;
    };
  }
}

class Way1 extends Way {
  get(path) { return get(`${HOST}${path}`, { connect: this.connect }); }

  streams(paths, options) {
    return Promise.all(paths.map((path) => openStream(`${HOST}${path}`, { connect: this.connect, ...options })));
  }

  async upload(path, octets) {
    const request = http.request(`${HOST}${path}`, {
      method: 'POST', createConnection: this.connect, headers: { 'content-type': TYPE, 'content-length': octets.length },
    });
    return halfSent(request, octets, (response) => { response.resume(); return response.statusCode; });
  }
}

class Way2 extends Way {
  async get(path) {
    const client = await connect2({ connect: this.connect });
    try { return await client.get(path); } finally { client.close(); }
  }

  async streams(paths, options) {
    const all = [];
    for (let i = 0; i < paths.length; i += STREAMS) {
      const client = await connect2({ connect: this.connect });
      all.push(...await Promise.all(paths.slice(i, i + STREAMS).map((path) => client.stream(path, options))));
    }
    return all;
  }

  async upload(path, octets) {
    const client = await connect2({ connect: this.connect });
    const request = client.session.request({ ':path': path, ':method': 'POST', 'content-type': TYPE });
    return halfSent(request, octets, (headers) => { request.resume(); return headers[':status']; });
  }
}

// plain, secure: URLs; path: of a Unix socket. What is not given is left out.
export function waysTo({ plain, secure, path }) {
  const to = (url) => ({ host: new URL(url).hostname, port: Number(new URL(url).port) });
  const handshake = (protocol) => tls.connect({ ...to(secure), ALPNProtocols: [protocol], rejectUnauthorized: false });
  return [
    ...(plain ? [
      new Way1('HTTP/1.1', () => net.connect(to(plain))),
      new Way2('h2c', () => net.connect(to(plain))),
    ] : []),
    ...(secure ? [
      new Way1('HTTP/1.1 over TLS', () => handshake('http/1.1')),
      new Way2('HTTP/2 over TLS', () => handshake('h2')),
    ] : []),
    ...(path ? [
      new Way1('HTTP/1.1 on a Unix socket', () => net.connect(path)),
      new Way2('h2c on a Unix socket', () => net.connect(path)),
    ] : []),
  ];
}
