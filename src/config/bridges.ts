// Bridges: what brings heartbeats in from elsewhere.

import { Type } from '../core/schema.ts'

const scheme = '((nats|tls)://)?'
const user = '[^\\s,/]+@'
const host = '[^\\s,/@]+/?'
/**
 * `nats://host:4222`, `tls://host`, `host:port`; several with commas; empty: none. Users stand in all or the first of them:
 * in `nats://me:pass,word@host` the comma would otherwise end a server.
 */
const natsUrls = `^$|^${scheme}${host}(,${scheme}${host})*$|^${scheme}${user}${host}(,${scheme}(${user})?${host})*$`

export const bridges = Type.Object({
  nats: Type.Object({
    url: Type.Optional(
      Type.String({
        pattern: natsUrls,
        maxLength: 2_000,
        description: 'NATS servers whose hub.presence.* messages are heartbeats: nats://host:4222, several with commas',
        hasUserinfo: true,
        shape:
          'write nats://host:4222, several with commas; a user in the first of them; in a password , is %2C, / is %2F, a blank %20',
      }),
    ),
    user: Type.Optional(Type.String({ minLength: 1, description: 'User at the NATS servers' })),
    password: Type.Optional(Type.String({ minLength: 1, description: 'Password of that user', isSecret: true })),
    creds_file: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'Credentials file (JWT and key) instead of a user, read at each connect',
      }),
    ),
    tls: Type.Boolean({
      default: false,
      description: 'true: only over TLS, also where the server asks for none; tls:// in the url means the same',
    }),
  }),
})
