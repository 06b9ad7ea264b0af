import { randomBytes } from "node:crypto";

const SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success";
const NAMESPACES =
  'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"';

/** Our LogoutResponse that says Success, unsigned. `issuer`: our own entity id. 160 random bits as in core 1.3.4. */
export function makeLogoutResponse(issuer: string, inResponseTo: string): string {
  const id = `_${randomBytes(20).toString("hex")}`;
  const now = new Date().toISOString();
  return `<samlp:LogoutResponse ${NAMESPACES} ID="${id}" Version="2.0" IssueInstant="${now}" InResponseTo="${escapeXml(inResponseTo)}"><saml:Issuer>${escapeXml(issuer)}</saml:Issuer><samlp:Status><samlp:StatusCode Value="${SUCCESS}"/></samlp:Status></samlp:LogoutResponse>`;
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
