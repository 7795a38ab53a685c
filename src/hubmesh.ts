// The composition root: here, and only here, the hub meets its world. Opened in order (key, store, HTTP, network), so that
// whatever may refuse does so before others notice; ended in order (leave, HTTP, network, store), so that nobody loses what
// was promised.

import { randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { archiveText } from './adapters/archive.ts'
import { systemClock } from './adapters/clock.ts'
import { cborCodecOf } from './adapters/codec.ts'
import { closeHttp, createHttp } from './adapters/http/app.ts'
import { listenForMetrics } from './adapters/http/metrics.ts'
import type { App } from './adapters/http/options.ts'
import { type Identity, openIdentity } from './adapters/identity.ts'
import { keysOf } from './adapters/keys.ts'
import { createNetwork } from './adapters/libp2p/network.ts'
import type { NetworkOptions } from './adapters/libp2p/options.ts'
import { holderOf, noteHolder } from './adapters/lock.ts'
import { type Log, logChange } from './adapters/log.ts'
import { Metrics } from './adapters/metrics/metrics.ts'
import { NatsBridge } from './adapters/nats/bridge.ts'
import type { NatsSettings } from './adapters/nats/servers.ts'
import { openLevelStore } from './adapters/store/level.ts'
import { type Damage, DirectoryLocked } from './adapters/store/rescue.ts'
import { accessOf } from './config/access.ts'
import type { OwnProject } from './config/ownproject.ts'
import type { Config } from './config/schema.ts'
import { settingsOf } from './config/settings.ts'
import { version } from './config/version.ts'
import type { Topic } from './core/machine.ts'
import type { Millis } from './core/time.ts'
import type { HubInfo } from './core/wire.ts'
import type { Backup } from './hub/backup.ts'
import { Driver, type DriverOptions } from './hub/driver.ts'
import type { Clock } from './hub/ports.ts'
import { insideOf } from './inside.ts'
import { keepOwnProject } from './ownproject.ts'
import { keepProjectsFile, type ProjectsFile } from './projectsfile.ts'

/** Time for HTTP answers under way, before their connections are cut. */
const httpGraceMs: Millis = 2_000

export interface HubOptions {
  readonly config: Config
  readonly log: Log
  /** Left out: the system's. */
  readonly clock?: Clock
  /** Left out when none is to be read. */
  readonly projects?: ProjectsFile | undefined
  /** The project that this hub itself stands for. */
  readonly ownProject?: OwnProject | undefined
  /** Another hub with this name was up before: this one has fallen silent and is to be stopped. */
  readonly onConflict?: (other: HubInfo) => void
  /** For tests: puts something between the hub and its ports, or changes what no user can set. */
  readonly adapt?: (options: DriverOptions) => DriverOptions
}

export interface RunningHub {
  readonly driver: Driver
  /** Of the HTTP API. */
  readonly url: string
  /** Of the listener for metrics alone, where there is one. */
  readonly metricsUrl?: string | undefined
  /** Leaves the federation and closes everything. */
  stop(): Promise<void>
}

/** Another process holds the data directory: try again later, or choose another. */
export class DataDirectoryLocked extends Error {
  constructor(directory: string, holder: number | undefined) {
    const who = holder === undefined ? 'another process' : `process ${holder}`
    super(
      `the data directory ${directory} is in use by ${who}: stop that hub, or set node.data_dir to another directory`,
    )
    this.name = 'DataDirectoryLocked'
  }
}

/** Starts a hub. Throws, with nothing left open, when it cannot: `DataDirectoryLocked`, or an error that says what to do. */
export async function startHub(options: HubOptions): Promise<RunningHub> {
  const closers: (() => unknown)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.reverse()) await closer()
  }
  try {
    return { ...(await open(options, closers)), stop: close }
  } catch (error) {
    await close()
    throw error
  }
}

async function open(
  { config, log, clock = systemClock(), projects, ownProject, onConflict, adapt = (options) => options }: HubOptions,
  closers: (() => unknown)[],
): Promise<Omit<RunningHub, 'stop'>> {
  const directory = config.node.data_dir
  const identity = await openIdentity(directory)
  const store = await lockedStore(directory)
  closers.push(() => store.close())
  if (store.damage !== undefined) logDamage(log, store.damage)
  closers.push(await noteHolder(directory))
  const network = createNetwork(networkOptionsOf(config, identity))
  let hasStarted = false
  const metrics = new Metrics({
    hub: config.node.id,
    region: config.node.region,
    running: () => (hasStarted ? driver : undefined),
    network: () => network.stats(),
  })
  const settings = settingsOf({ config, peer: identity.peer, version, seed: randomInt(2 ** 32) | 0 })
  const codec = cborCodecOf({ isOn: config.gossip.compression, packed: metrics.packed })
  const driverOptions: DriverOptions = {
    ports: { clock, codec, keys: keysOf(identity.privateKey), store, network },
    settings,
    onChange: (change) => {
      metrics.count(change)
      logChange(log, change)
      if (change.type === 'conflict') onConflict?.(change.with)
      if (change.type === 'state' && change.state === 'ready') bridge.open()
    },
  }
  const driver = new Driver(adapt(driverOptions))
  const bridged = { name: config.node.id, settings: natsSettingsOf(config), metrics: metrics.nats }
  const bridge = new NatsBridge({ ...bridged, hub: driver, log })
  closers.push(() => new Promise<void>((resolve) => driver.stop(resolve)))
  const inside = insideOf({ driver, network, log, directory })
  closers.push(() => inside.close())
  const options = {
    ...httpOptionsOf(config),
    ...{ hub: driver, inside, log, audit: auditOf(log), metrics, archive: archiveOf(identity) },
    nats: () => bridge.reading(),
    network: () => gossipOf(network),
    hasStarted: () => hasStarted,
  }
  const http = await createHttp(options)
  closers.push(async () => {
    if (hasStarted) driver.leave()
    await closeHttp(http, httpGraceMs)
  })
  // Before the network: a hub whose port is taken must not have joined, or written anything, by then.
  const url = await listen(http, config)
  const metricsUrl = await metricsAlone(config, metrics, closers)
  await started(driver)
  hasStarted = true
  closers.push(bridge.start())
  closers.push(feelPulse(driver, () => network.stats().waiting))
  closers.push(...keptProjects({ config, log, projects, ownProject }, driver))
  const { addresses } = driver.hub.info
  log.info({ url, ...(metricsUrl && { metrics_url: metricsUrl }), peer: identity.peer, addresses }, 'hub started')
  return { driver, url, metricsUrl }
}

/** Not waited for: what a file or variables say of projects is written as soon as the hub may write. Returns what ends that. */
function keptProjects({ config, log, projects, ownProject: project }: HubOptions, driver: Driver): (() => unknown)[] {
  const intervalMs = config.presence.heartbeat_interval
  return [
    ...(projects === undefined ? [] : [keepProjectsFile(projects, driver, log)]),
    ...(project === undefined ? [] : [keepOwnProject({ project, intervalMs, log }, driver)]),
  ]
}

/** Who did what is told whatever else is: a level above info would drop it. */
function auditOf(log: Log): Log {
  return log.child({}, { level: 'info' })
}

/** What `/api/gossip/stats` says. */
function gossipOf(network: ReturnType<typeof createNetwork>) {
  const { gossip, gossipOversized: oversized, waiting, dropped, garbage } = network.stats()
  const reach = network.reach()
  const topics = (Object.keys(gossip) as Topic[]).map((topic) => {
    const { mesh, subscribers } = reach[topic] ?? { mesh: [], subscribers: 0 }
    return [topic, { ...gossip[topic], mesh, subscribers }] as const
  })
  return { gossip: Object.fromEntries(topics), oversized, waiting, dropped, garbage }
}

function archiveOf({ file }: Identity) {
  return async (backup: Backup, withIdentity: boolean) =>
    archiveText({ ...backup, identity: withIdentity ? await readFile(file, 'utf8') : undefined })
}

const pulseMs: Millis = 1_000

/** Tells the hub once a second how busy its event loop was and what waits to be sent. Returns what ends that. */
function feelPulse(driver: Driver, waiting: () => number): () => void {
  let last = performance.eventLoopUtilization()
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization()
    driver.pulse({ utilization: performance.eventLoopUtilization(now, last).utilization, waiting: waiting() })
    last = now
  }, pulseMs)
  return () => clearInterval(timer)
}

async function lockedStore(directory: string) {
  try {
    return await openLevelStore(join(directory, 'catalog'))
  } catch (error) {
    if (error instanceof DirectoryLocked) throw new DataDirectoryLocked(directory, await holderOf(directory))
    throw error
  }
}

function logDamage(log: Log, { reasons, aside }: Damage): void {
  const fields = { operation: 'storage', reasons, aside }
  log.error(fields, 'the store was damaged: what is left of it is used, and what is missing is fetched from other hubs')
}

function started(driver: Driver): Promise<void> {
  return new Promise((resolve, reject) => {
    driver.start((result) => {
      if (result.ok) resolve()
      else if (!result.reason.includes('EADDRINUSE')) reject(new Error(result.reason))
      else reject(new Error(`${result.reason}: stop that process, or set network.listen to another port`))
    })
  })
}

async function listen(http: App, { network, security }: Config): Promise<string> {
  const { http_host: host, http_port: port } = network
  const url = await free(http.listen({ host, port }), `port ${port} on ${host}`, 'network.http_port')
  return security.tls === undefined ? url : url.replace(/^http:/, 'https:')
}

async function metricsAlone(
  { monitoring, network }: Config,
  metrics: Metrics,
  closers: (() => unknown)[],
): Promise<string | undefined> {
  const { metrics_port: port, metrics_enabled: isOn } = monitoring
  if (port === undefined || !isOn) return undefined
  const listening = listenForMetrics(metrics, { host: network.http_host, port })
  const { url, close } = await free(listening, `port ${port} on ${network.http_host}`, 'monitoring.metrics_port')
  closers.push(close)
  return url
}

/** What was opened; where another process has the port, an error that says what to do. */
async function free<T>(opening: Promise<T>, where: string, setting: string): Promise<T> {
  try {
    return await opening
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    throw new Error(`${where} is in use by another process: stop it, or set ${setting} to another`)
  }
}

/** The network's part of a configuration. */
export function networkOptionsOf(config: Config, { privateKey }: Pick<Identity, 'privateKey'>): NetworkOptions {
  const { node, network, federation, gossip, limits } = config
  return {
    privateKey,
    federation: federation.id,
    listen: network.listen,
    announce: network.announce,
    bootstrap: network.bootstrap,
    dht: node.hub_tier === 'local' ? 'client' : 'server',
    gossip: { intervalMs: gossip.interval, fanout: gossip.fanout, maxMessageBytes: gossip.max_message_size },
    limits: { links: limits.links, streamsPerPeer: limits.streams, sendQueueBytes: limits.send_queue },
    directory: join(node.data_dir, 'libp2p'),
  }
}

/** The bridge's part of a configuration. */
export function natsSettingsOf({ bridges: { nats } }: Config): NatsSettings {
  return {
    ...(nats.url === undefined ? {} : { url: nats.url }),
    ...(nats.user === undefined ? {} : { user: nats.user }),
    ...(nats.password === undefined ? {} : { password: nats.password }),
    ...(nats.creds_file === undefined ? {} : { credsFile: nats.creds_file }),
    isTls: nats.tls,
  }
}

/** The HTTP API's part of a configuration. */
export function httpOptionsOf(config: Config) {
  const { monitoring, limits } = config
  return {
    access: accessOf(config),
    exposesMetrics: monitoring.metrics_enabled,
    maxBodyBytes: limits.body,
    maxBatch: limits.batch,
    maxPage: limits.page,
    maxWatchers: limits.watchers,
    version,
  }
}
