// Bridges: what brings heartbeats in from elsewhere.

import { Type } from '../core/schema.ts'

/** `nats://host:4222`, `tls://host`, `host:port`; several with commas; empty: none. */
const natsUrls = '^$|^((nats|tls)://)?[^\\s,/]+/?(,((nats|tls)://)?[^\\s,/]+/?)*$'

export const bridges = Type.Object({
  nats: Type.Object({
    url: Type.Optional(
      Type.String({
        pattern: natsUrls,
        maxLength: 2_000,
        description: 'NATS servers whose hub.presence.* messages are heartbeats: nats://host:4222, several with commas',
        hasUserinfo: true,
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
