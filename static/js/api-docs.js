// The OpenAPI document, shown by Swagger UI. Only this site is asked.
"use strict";

(() => {
  const place = document.getElementById("swagger-ui");
  // Swagger UI writes examples into the fields of "Try it out". All filters at once match nothing, and the example of a
  // cursor leads nowhere: examples of what may be left out are told in the description instead.
  const without = (parameter) => {
    if (parameter.in !== "query" || !parameter.examples) return parameter;
    const { examples, ...rest } = parameter;
    const values = Object.values(examples).map((example) => [].concat(example.value).join(", "));
    return { ...rest, description: `${rest.description} Example: \`${values.join("`, `")}\`` };
  };
  const prepared = (schema) => {
    for (const methods of Object.values(schema.paths)) {
      for (const operation of Object.values(methods)) {
        operation.parameters = (operation.parameters || []).map(without);
      }
    }
    return schema;
  };
  // Swagger UI's own layout repeats the title and puts a second <main> into the page's.
  const layout = ({ React }) => ({
    wrapComponents: {
      BaseLayout: () => ({ getComponent }) => {
        const parts = ["SvgAssets", "errors", "operations", "Models"].map((name) => getComponent(name, true));
        return React.createElement(
          "div",
          { className: "swagger-ui" },
          ...parts.map((part, number) => React.createElement(part, { key: number })),
        );
      },
    },
  });
  const failed = (reason) => {
    place.textContent = `The OpenAPI document could not be loaded: ${reason.message}`;
  };
  fetch(place.dataset.schema)
    .then((response) => {
      if (!response.ok) throw new Error(`status ${response.status}`);
      return response.json();
    })
    .then((schema) => {
      SwaggerUIBundle({
        spec: prepared(schema),
        domNode: place,
        presets: [SwaggerUIBundle.presets.apis],
        plugins: [layout],
        layout: "BaseLayout",
        supportedSubmitMethods: ["get"],
        validatorUrl: null,
        deepLinking: false,
        defaultModelsExpandDepth: 0,
      });
    })
    .catch(failed);
})();
