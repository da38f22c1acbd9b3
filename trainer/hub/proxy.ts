/** Lets `fetch` go through the proxy that HTTPS_PROXY and NO_PROXY name. Node 24 can; older ones go straight to the server. */
import * as http from 'node:http';

export function useProxyOfEnvironment(): void {
  if ('setGlobalProxyFromEnv' in http) http.setGlobalProxyFromEnv();
}
