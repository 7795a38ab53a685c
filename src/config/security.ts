// Who may ask over HTTP, and how the answers travel. No secret has a default, and no key lies here in clear: what is written
// down of one is its hash.

import { isIP } from 'node:net'
import type { Static } from 'typebox'
import { type Role, roles } from '../core/roles.ts'
import { Type } from '../core/schema.ts'
import { duration, s } from './kinds.ts'

/** An HMAC with SHA-256 takes a key of at least its own length (RFC 7518, section 3.2). */
const leastSecret = 32

/** What stands in examples and is forgotten there. */
export const placeholder = /change.?(me|this|in)|your.?(jwt|secret|api|key)|^(?<one>.)\k<one>*$/i

const ApiKeySchema = Type.Object(
  {
    name: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' }),
    hash: Type.String({ pattern: '^sha256:[0-9a-f]{64}$' }),
    role: Type.Enum(roles),
  },
  { additionalProperties: false },
)

export type ApiKey = Static<typeof ApiKeySchema>

/** Addresses or ranges of them: 10.0.0.0/8, ::1. */
export const ranges = (description: string, usual: readonly string[]) =>
  Type.Array(Type.String({ minLength: 1 }), { maxItems: 64, default: usual, description })

export const security = Type.Object({
  api_keys: Type.Array(ApiKeySchema, {
    maxItems: 64,
    default: [],
    isSecret: true,
    shape: 'write {name: ops, hash: "sha256:...", role: viewer, operator or admin}; hubmesh api-key new makes one',
    description: 'Keys that callers may have: name, hash and role of each; hubmesh api-key new makes one',
  }),
  jwt: Type.Object({
    issuer: Type.Optional(
      Type.String({ minLength: 1, description: 'The issuer (iss) that tokens must name; needed with jwks' }),
    ),
    secret: Type.Optional(
      Type.String({
        minLength: leastSecret,
        maxLength: 1_024,
        isSecret: true,
        description: `The secret that tokens are signed with (HS256), at least ${leastSecret} characters`,
      }),
    ),
    secret_file: Type.Optional(Type.String({ minLength: 1, description: 'A file that holds security.jwt.secret' })),
    jwks: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'URL of the key set that tokens are signed with (RS, PS, ES, EdDSA), instead of a secret',
      }),
    ),
    token_expiry: duration('Tokens with a longer life are refused', { default: 3_600 * s, minimum: 1 * s }),
  }),
  roles: Type.Unsafe<Readonly<Record<string, Role>>>({
    ...Type.Record(Type.String({ minLength: 1, maxLength: 128 }), Type.Enum(roles), { maxProperties: 64 }),
    default: { viewer: 'viewer', operator: 'operator', admin: 'admin' },
    description: 'What a role, roles or groups claim of a token makes of its bearer: value=viewer, operator or admin',
  }),
  tls: Type.Optional(
    Type.Object({
      cert_file: Type.Optional(Type.String({ minLength: 1, description: 'Certificate chain (PEM): HTTPS, not HTTP' })),
      key_file: Type.Optional(Type.String({ minLength: 1, description: 'Its private key (PEM)' })),
      ca_file: Type.Optional(
        Type.String({ minLength: 1, description: 'Callers must show a certificate of this authority (PEM)' }),
      ),
    }),
  ),
  admin_host: Type.Optional(
    Type.String({ minLength: 1, description: 'host:port that answers /admin alone; elsewhere it is not found then' }),
  ),
  admin_trust: ranges('Addresses that may drain, undrain and shut down without a key', ['127.0.0.0/8']),
})

export type Security = Static<typeof security>

/** Whether callers can prove who they are. Without, only this machine is answered. */
export function hasCredentials({ api_keys, jwt }: Security): boolean {
  return api_keys.length > 0 || jwt.secret !== undefined || jwt.jwks !== undefined
}

/** Whether the text is an address, or one with the length of its prefix. */
export function isRange(text: string): boolean {
  const [address = '', length, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (version === 4 ? 32 : 128))
}
