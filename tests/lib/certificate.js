// certificate.js -- self-signed certificates for tests, made by openssl.
//
//   const { cert, key } = certificate();          // paths of PEM files, gone at exit
//   certificate({ cert, key, name: 'other' })     // overwrites those

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from './process.js';

export function certificate({ name = 'localhost', cert, key } = {}) {
  if (!cert) {
    const place = mkdtempSync(join(tmpdir(), 'pgcrier-tls-'));
    atExit(() => rmSync(place, { recursive: true, force: true }));
    cert = join(place, 'cert.pem');
    key = join(place, 'key.pem');
  }
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
    '-days', '2', '-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
    '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { cert, key };
}

// The options of a relay that serves TLS on a free port.
export function tlsArgs({ cert, key } = certificate()) {
  return ['--tls-listen', '127.0.0.1:0', '--tls-cert', cert, '--tls-key', key];
}
