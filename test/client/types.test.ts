// The client's types against the OpenAPI document of a running hub: each is compiled beside what the document says, both ways.

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { compile } from 'json-schema-to-typescript'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { testHub } from '../hubs.ts'
import { root } from '../processes.ts'

type Json = { readonly [key: string]: Json }

const exec = promisify(execFile)
const style = { additionalProperties: false, ignoreMinAndMaxItems: true, bannerComment: '', format: false }
const directory = mkdtempSync(join(tmpdir(), 'hubmesh-types-'))
let document: Json
beforeAll(async () => {
  const hub = await testHub({})
  document = (await (await fetch(`${hub.url}/openapi.json`)).json()) as Json
  await hub.stop()
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** The client's type, where the document has its like, and what that has besides: who it is about, by two names. */
const pairs = [
  ['Project', ['components', 'schemas', 'Project'], []],
  ['HeartbeatReply', ['components', 'schemas', 'HeartbeatReply'], []],
  ['Description', bodyOf('/api/fed/projects'), ['slug', 'project_slug']],
  ['Heartbeat', bodyOf('/api/fed/projects/{slug}/heartbeat'), []],
] as const

function bodyOf(path: string): readonly string[] {
  return ['paths', path, 'post', 'requestBody', 'content', 'application/json', 'schema']
}

/** What the compiler says when the document is this one; nothing when all is well. */
async function complaints(said: Json): Promise<string> {
  const at = (path: readonly string[]): Json => path.reduce((node, key) => node[key] as Json, said)
  const text = JSON.stringify({
    type: 'object',
    additionalProperties: false,
    required: pairs.map(([name]) => name),
    properties: Object.fromEntries(pairs.map(([name, path]) => [name, at(path)])),
    definitions: at(['components', 'schemas']),
  })
  const schema = JSON.parse(text.replaceAll('#/components/schemas/', '#/definitions/'))
  const told = await compile(schema, 'Told', style)
  const checks = pairs.map(([name, , besides]) => {
    const told = `Omit<Told['${name}'], ${besides.map((field) => `'${field}'`).join(' | ') || 'never'}>`
    return `export const of${name}: Same<'${name}', ${told}, Client.${name}> = true`
  })
  const client = JSON.stringify(join(root, 'src/client.ts'))
  const program = `import type * as Client from ${client}
${told}
/** The same fields, the same of them optional, of the same types. */
type Same<Name extends string, A, B> = [Flat<A>, keyof A, Optional<A>] extends [Flat<B>, keyof B, Optional<B>]
  ? [Flat<B>, keyof B, Optional<B>] extends [Flat<A>, keyof A, Optional<A>] ? true : \`\${Name} differs\`
  : \`\${Name} differs\`
type Optional<A> = { [K in keyof A]-?: object extends Pick<A, K> ? K : never }[keyof A]
type Flat<A> = { [K in keyof A]: A[K] }
${checks.join('\n')}`
  writeFileSync(join(directory, 'check.mts'), program)
  const compilerOptions = {
    allowImportingTsExtensions: true,
    exactOptionalPropertyTypes: false,
    typeRoots: [join(root, 'node_modules/@types')],
  }
  const extended = join(root, 'tsconfig.json')
  writeFileSync(
    join(directory, 'tsconfig.json'),
    JSON.stringify({ extends: extended, compilerOptions, include: ['check.mts'] }),
  )
  const { stdout } = await exec(join(root, 'node_modules/.bin/tsc'), ['-p', directory], { cwd: root }).catch(
    (error: { stdout: string }) => error,
  )
  return stdout
}

it('say what the document says', async () => {
  expect(await complaints(document)).toBe('')
})

it('do not when a field of an answer, an optional one of a request or a value is called otherwise', async () => {
  const other = JSON.stringify(document)
    .replaceAll('"last_heartbeat_at"', '"beaten_at"')
    .replaceAll('"allow_fanout"', '"fanout"')
    .replaceAll('"offline"', '"away"')
    .replaceAll('"degraded_reasons"', '"reasons"')
  const said = await complaints(JSON.parse(other))
  for (const [name] of pairs) expect(said).toContain(`${name} differs`)
})
