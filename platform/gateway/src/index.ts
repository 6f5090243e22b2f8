export { fileAuditLog, type FileAuditLogOptions } from './audit-file.ts';
export { createAuthenticator, type Authenticator } from './auth/authenticator.ts';
export { DEV_AUDIENCE, DEV_ISSUER, devKeys, issueDevToken, type DevKeys, type DevTokenRequest } from './auth/dev-keys.ts';
export { developmentIssuer, oidcIssuer, type TrustedIssuer } from './auth/trusted-issuer.ts';
export { lineLog, type GatewayLog } from './gateway-log.ts';
export { GATEWAY_PARTS, GatewayModule, type GatewayOptions, type GatewayParts } from './gateway-module.ts';
export { startGateway, type RunningGateway, type StartOptions } from './start-gateway.ts';
