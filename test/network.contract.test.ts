// The libp2p network keeps the contract that the simulated one keeps. These hubs are DHT clients: nobody is found by walking.

import { networkContract } from './contracts/network.ts'
import { RealWorld } from './network.world.ts'

networkContract('the libp2p network', async () => new RealWorld())
