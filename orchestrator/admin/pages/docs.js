// Shows the OpenAPI description; writes tried from here carry the CSRF token of the session.
const csrf = document.querySelector("meta[name=csrf-token]").content;
window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
  requestInterceptor(request) {
    const ours = new URL(request.url, location.href).origin === location.origin;
    if (ours && csrf) request.headers["X-CSRF-Token"] = csrf;
    return request;
  },
});
