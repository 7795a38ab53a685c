// The listener for metrics alone.

import { expect, it } from 'vitest'
import { loadConfig } from '../src/config/load.ts'
import { testHub } from './hubs.ts'

it('a hub answers /metrics, and nothing else, on a port of its own', async () => {
  const hub = await testHub({ HUBMESH_MONITORING__METRICS_PORT: '0' })
  const [own, api, other] = await Promise.all([
    fetch(`${hub.metricsUrl}/metrics`),
    fetch(`${hub.url}/metrics`),
    fetch(`${hub.metricsUrl}/api/members`),
  ])
  expect([own.status, api.status, other.status]).toEqual([200, 200, 404])
  expect(own.headers.get('content-type')).toBe(api.headers.get('content-type'))
  expect(await own.text()).toMatch(/^federation_nodes_total 1$/m)
  await hub.stop()
  await expect(fetch(`${hub.metricsUrl}/metrics`)).rejects.toThrow()
})

it('there is none where it is not asked for, or where metrics are off', async () => {
  const hub = await testHub({ HUBMESH_MONITORING__METRICS_PORT: '0', HUBMESH_MONITORING__METRICS_ENABLED: 'false' })
  expect(hub.metricsUrl).toBeUndefined()
  await hub.stop()
})

it('its port is none of the others', async () => {
  const ports = { HUBMESH_NODE__ID: 'a', HUBMESH_MONITORING__METRICS_PORT: '8080' }
  const loaded = loadConfig({ env: ports })
  expect(loaded.ok ? [] : loaded.mistakes).toMatchObject([{ path: 'monitoring.metrics_port' }])
  expect(loadConfig({ env: { ...ports, HUBMESH_NETWORK__HTTP_PORT: '8070' } }).ok).toBe(true)
})
