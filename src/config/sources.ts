// Where settings come from: the file, then old variables, then HUBMESH_ variables, then flags; the later wins. Everything
// that is not a setting is a mistake, with the setting that was probably meant.

import { type Environment, readYaml } from './file.ts'
import type { Mistake } from './mistake.ts'
import { fileVariables, idleKeys, isLater, oldKeys, oldVariables } from './names.ts'
import { nearest } from './nearest.ts'
import { parseObject } from './read.ts'
import { settings } from './schema.ts'
import { bareKeys } from './secrets.ts'

/** What one source says about a setting, still unread. */
export interface Given {
  readonly raw: unknown
  readonly from: string
}

export interface Sources {
  /** The configuration file (flag `--config`); otherwise HUBMESH_CONFIG names one. */
  readonly file?: string | undefined
  readonly env: Environment
  /** Setting path → what a flag said. */
  readonly flags?: Readonly<Record<string, Given>> | undefined
  /** What counts when nobody says anything, before the defaults. */
  readonly fallbacks?: Readonly<Record<string, Given>> | undefined
}

export interface Collected {
  readonly given: ReadonlyMap<string, Given>
  readonly mistakes: readonly Mistake[]
}

const paths = settings.map((setting) => setting.path)
const sections = new Set(
  [...paths, ...Object.keys(oldKeys), ...idleKeys].flatMap((path) =>
    path
      .split('.')
      .slice(0, -1)
      .map((_, i, all) => all.slice(0, i + 1).join('.')),
  ),
)

/** What every source says, the strongest per setting. */
export function collect(sources: Sources): Collected {
  const file = sources.file ?? fileVariables.map((name) => sources.env[name]).find((name) => name)
  const parts = [
    { given: new Map(Object.entries(sources.fallbacks ?? {})), mistakes: [] },
    ...(file === undefined ? [] : [fromFile(file, sources.env)]),
    ...[...oldVariables].reverse().map((names) => fromOldVariables(names, sources.env)),
    fromVariables(sources.env),
    { given: new Map(Object.entries(sources.flags ?? {})), mistakes: [] },
  ]
  return {
    given: new Map(parts.flatMap((part) => [...part.given])),
    mistakes: parts.flatMap((part) => part.mistakes),
  }
}

function fromFile(file: string, env: Environment): Collected {
  const { value, mistakes } = readYaml(file, env)
  const given = new Map<string, Given>()
  const found = [...mistakes]
  let wantsTls = false
  const walk = (held: unknown, path: string): void => {
    // `key:` with nothing behind it says nothing.
    if (held === null || held === undefined) return
    const known = oldKeys[path] ?? path
    if (paths.includes(known)) {
      if (given.has(known)) found.push({ path: known, message: 'is set twice, also under an old name', from: file })
      given.set(known, { raw: held, from: file })
    } else if (idleKeys.has(path)) {
      if (path === 'security.tls_enabled' && held === true) wantsTls = true
    } else if (path !== '' && !sections.has(path)) {
      found.push(unknownKey(path, file))
    } else if (typeof held !== 'object' || Array.isArray(held)) {
      found.push({ path: path || file, message: 'is no mapping of keys to values', from: file })
    } else {
      for (const [key, inner] of Object.entries(held)) walk(inner, path === '' ? key : `${path}.${key}`)
    }
  }
  walk(value, '')
  if (wantsTls && !given.has('security.tls.cert_file')) {
    const hint = 'set security.tls.cert_file and security.tls.key_file'
    found.push({ path: 'security.tls_enabled', message: 'is true, and there is no certificate', hint, from: file })
  }
  return { given, mistakes: found }
}

function unknownKey(path: string, from: string): Mistake {
  if (isLater(path)) {
    return { path, message: 'is not available in this version', hint: 'remove it; a later version brings it', from }
  }
  const parent = path.split('.').slice(0, -1).join('.')
  const siblings = parent === '' ? [...sections] : paths.filter((known) => known.startsWith(`${parent}.`))
  const leaf = path.slice(path.lastIndexOf('.') + 1)
  const home = paths.find((known) => known.endsWith(`.${leaf}`))
  const meant = nearest(path, siblings) ?? home ?? nearest(path, paths)
  return {
    path,
    message: 'is no setting',
    ...(meant === undefined ? {} : { hint: `did you mean ${meant}?` }),
    from,
  }
}

const secrets = new Set(settings.filter(({ schema }) => schema.isSecret).map(({ path }) => path))

/** Two names of one group that say different things about one setting cannot both be meant. */
function fromOldVariables(names: Readonly<Record<string, string>>, env: Environment): Collected {
  const given = new Map<string, Given>()
  const mistakes: Mistake[] = []
  for (const [name, path] of Object.entries(names)) {
    const raw = env[name]
    if (raw === undefined) continue
    const other = given.get(path)
    if (other !== undefined && other.raw !== raw) {
      const said = secrets.has(path) ? [other.from, name] : [`${other.from}=${other.raw}`, `${name}=${raw}`]
      mistakes.push({ path, message: `${said.join(' and ')} disagree`, hint: 'unset one of them' })
    }
    // A variable that is set to nothing says nothing: compose files pass on what is not set so.
    if (raw === '' && secrets.has(path)) continue
    given.set(path, { raw: path === 'security.api_keys' ? (bareKeys(raw) ?? raw) : raw, from: name })
  }
  return { given, mistakes }
}

const byVariable = new Map(settings.map((setting) => [setting.variable, setting]))

function fromVariables(env: Environment): Collected {
  const given = new Map<string, Given>()
  const mistakes: Mistake[] = []
  for (const [name, raw] of Object.entries(env)) {
    if (raw === undefined || !name.startsWith('HUBMESH_')) continue
    const setting = byVariable.get(name)
    if (setting !== undefined) given.set(setting.path, { raw, from: name })
    else if (name.includes('__')) mistakes.push(...unknownVariable(name, raw, given))
    else mistakes.push(...misspelt(name))
  }
  return { given, mistakes }
}

/** `HUBMESH_NODE__COORDINATES={"latitude": 1, "longitude": 2}` sets a whole group; anything else is no setting. */
function unknownVariable(name: string, raw: string, given: Map<string, Given>): Mistake[] {
  const path = name.slice('HUBMESH_'.length).toLowerCase().replaceAll('__', '.')
  if (path === 'node.coordinates') {
    const parsed = parseObject(raw)
    if (parsed === undefined) return [{ path, message: 'is no JSON object with latitude and longitude', from: name }]
    for (const [key, held] of Object.entries(parsed)) given.set(`${path}.${key}`, { raw: held, from: name })
    return Object.keys(parsed).flatMap((key) =>
      paths.includes(`${path}.${key}`) ? [] : [unknownKey(`${path}.${key}`, name)],
    )
  }
  return [unknownKey(path, name)]
}

/**
 * `HUBMESH_NODE_ID` instead of `HUBMESH_NODE__ID`. Other names without `__` are none of ours: Kubernetes, for one, sets
 * HUBMESH_SERVICE_HOST and HUBMESH_PORT in every pod beside a service named hubmesh.
 */
function misspelt(name: string): Mistake[] {
  const meant = settings.find((setting) => setting.variable.replaceAll('__', '_') === name)
  return meant === undefined ? [] : [{ path: name, message: 'is no setting', hint: `did you mean ${meant.variable}?` }]
}
