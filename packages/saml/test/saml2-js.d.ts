/** What our tests call of saml2-js 4, which has no types of its own. */
declare module "saml2-js" {
  interface Saml2 {
    ServiceProvider: new (
      options: object,
    ) => {
      create_login_request_url(
        idp: object,
        options: object,
        done: (error: Error | null, url: string, id: string) => void,
      ): void;
      create_logout_request_url(
        idp: object,
        options: object,
        done: (error: Error | null, url: string, id: string) => void,
      ): void;
      create_logout_response_url(
        idp: object,
        options: object,
        done: (error: Error | null, url: string) => void,
      ): void;
      post_assert(idp: object, options: object, done: (error: Error | null, response: object) => void): void;
    };
    IdentityProvider: new (options: object) => object;
  }
  const saml2: Saml2;
  export default saml2;
}
