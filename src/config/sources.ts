// Where settings come from: the file, then old variables, then HUBMESH_ variables, then flags; the later wins. Everything
// that is not a setting, under its own name or an old one, is a mistake, with the setting that was probably meant; what an
// older installation said that means nothing here is a note.

import { type Environment, readYaml } from './file.ts'
import type { Mistake, Note } from './mistake.ts'
import { fileVariables, isLater, meaningless, meaninglessness, oldKeys, oldVariables } from './names.ts'
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
  /** What stands for the variables that the file names; left out: `env`. */
  readonly filling?: Environment
  /** Setting path → what a flag said. */
  readonly flags?: Readonly<Record<string, Given>> | undefined
  /** What counts when nobody says anything, before the defaults. */
  readonly fallbacks?: Readonly<Record<string, Given>> | undefined
}

export interface Collected {
  readonly given: ReadonlyMap<string, Given>
  readonly mistakes: readonly Mistake[]
  readonly notes: readonly Note[]
}

const paths = settings.map((setting) => setting.path)
const sections = new Set(
  [...paths, ...Object.keys(oldKeys), ...Object.keys(meaningless)].flatMap((path) =>
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
    { ...nothing, given: new Map(Object.entries(sources.fallbacks ?? {})) },
    ...(file === undefined ? [] : [fromFile(file, sources.filling ?? sources.env)]),
    ...[...oldVariables].reverse().map((names) => fromOldVariables(names, sources.env)),
    fromVariables(sources.env),
    { ...nothing, given: new Map(Object.entries(sources.flags ?? {})) },
    { ...nothing, notes: notesOf(sources.env) },
  ]
  return {
    given: new Map(parts.flatMap((part) => [...part.given])),
    mistakes: parts.flatMap((part) => part.mistakes),
    notes: parts.flatMap((part) => part.notes),
  }
}

const nothing: Collected = { given: new Map(), mistakes: [], notes: [] }

function notesOf(env: Environment): Note[] {
  return Object.entries(meaningless).flatMap(([name, message]) => (env[name] === undefined ? [] : [{ name, message }]))
}

function fromFile(file: string, env: Environment): Collected {
  const { value, mistakes } = readYaml(file, env)
  const said = new Map<string, unknown>()
  const old = new Map<string, unknown>()
  const notes: Note[] = []
  const found = [...mistakes]
  let wantsTls = false
  const walk = (held: unknown, path: string): void => {
    // `key:` with nothing behind it says nothing.
    if (held === null || held === undefined) return
    const reason = meaninglessness(path)
    if (path === 'security.tls_enabled' && held === true) wantsTls = true
    else if (paths.includes(path)) said.set(path, held)
    else if (path in oldKeys) old.set(path, held)
    else if (reason !== undefined) notes.push({ name: path, message: reason })
    else if (path !== '' && !sections.has(path)) {
      found.push(unknownKey(path, file))
    } else if (typeof held !== 'object' || Array.isArray(held)) {
      found.push({ path: path || file, message: 'is no mapping of keys to values', from: file })
    } else {
      for (const [key, inner] of Object.entries(held)) walk(inner, path === '' ? key : `${path}.${key}`)
    }
  }
  walk(value, '')
  const given = new Map([...said].map(([path, raw]): [string, Given] => [path, { raw, from: file }]))
  for (const [name, held] of old) {
    const key = oldKeys[name]
    if (key === undefined) continue
    const raw = key.turn?.(held, said) ?? held
    const other = given.get(key.setting)
    if (other !== undefined && plain(other.raw) !== plain(raw)) found.push(disagreement(key.setting, name, other.from))
    given.set(key.setting, { raw, from: `${file}, ${name}` })
  }
  if (wantsTls && !given.has('security.tls.cert_file')) {
    const hint = 'set security.tls.cert_file and security.tls.key_file'
    found.push({ path: 'security.tls_enabled', message: 'is true, and there is no certificate', hint, from: file })
  }
  return { given, mistakes: found, notes }
}

/** For comparing: `8080` and `"8080"` are the same. */
function plain(raw: unknown): string {
  return typeof raw === 'object' ? JSON.stringify(raw) : String(raw)
}

/** Two names of one source that say different things about one setting cannot both be meant. */
function disagreement(path: string, name: string, other: string): Mistake {
  return { path, message: `${other} and ${name} disagree`, hint: 'keep one of them' }
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

/** Settings whose values are in no message. */
const secrets = new Set(settings.filter(({ schema }) => schema.isSecret).map(({ path }) => path))

function fromOldVariables(names: Readonly<Record<string, string>>, env: Environment): Collected {
  const given = new Map<string, Given>()
  const mistakes: Mistake[] = []
  for (const [name, path] of Object.entries(names)) {
    const raw = env[name]
    if (raw === undefined) continue
    const other = given.get(path)
    if (other !== undefined && other.raw !== raw) {
      const isHidden = secrets.has(path) || String([raw, other.raw]).includes('@')
      const [one, two] = isHidden ? [name, other.from] : [`${name}=${raw}`, `${other.from}=${other.raw}`]
      mistakes.push(disagreement(path, one, two))
    }
    // A variable that is set to nothing says nothing: compose files pass on what is not set so.
    if (raw === '' && secrets.has(path)) continue
    if (path === 'security.api_keys') {
      const read = bareKeys(raw)
      if (read.ok) given.set(path, { raw: read.keys, from: name })
      else mistakes.push({ path, message: read.message, hint: read.hint, from: name })
    } else given.set(path, { raw, from: name })
  }
  return { given, mistakes, notes: [] }
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
  return { given, mistakes, notes: [] }
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
