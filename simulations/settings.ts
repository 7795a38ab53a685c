// The settings that simulated hubs run with: what `config/` makes of a file that names the hub, and of what
// the plan says beside.

import { loadConfig } from '../src/config/load.ts'
import { settingsOf } from '../src/config/settings.ts'
import type { Settings } from '../src/hub/settings.ts'
import type { Birth } from './engine/site.ts'

export function simulatedSettings({ plan, peer, seed, said = {} }: Birth): Settings {
  const { hub, region, tier, bootstrap } = plan
  const place = { 'node.id': hub, 'node.region': region, 'node.hub_tier': tier, 'federation.id': 'simulation' }
  const flags = Object.fromEntries(
    Object.entries({ ...said, ...place }).map(([path, raw]) => [path, { raw, from: 'the plan' }]),
  )
  const loaded = loadConfig({ env: {}, flags })
  if (!loaded.ok) throw new Error(loaded.mistakes.map(({ path, message }) => `${path} ${message}`).join('; '))
  const settings = settingsOf({ config: loaded.config, peer, version: '0.4.0', seed })
  return { ...settings, hasBootstrap: bootstrap.length > 0 }
}
