export { DEV_AUDIENCE, DEV_ISSUER, devKeys, issueDevToken, type DevKeys, type DevTokenRequest } from './auth/dev-keys.ts';
export { createAuthenticator, type Authenticator } from './auth/authenticator.ts';
export { developmentIssuer, oidcIssuer, type TrustedIssuer } from './auth/trusted-issuer.ts';
