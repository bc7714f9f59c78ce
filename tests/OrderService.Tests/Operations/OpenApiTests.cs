using System.Net.Http.Json;
using System.Text.Json;

namespace OrderService.Tests.Operations;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class OpenApiTests(RunningApi api) : IClassFixture<RunningApi>
{
#if (!noSample)
    [Fact]
    public async Task The_description_names_every_operation_with_its_answers_and_bounds()
    {
        var document = await api.Service.Http.GetFromJsonAsync<JsonElement>("/openapi/v1.json");

        Assert.StartsWith("3.", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            ["cancelOrder: 200 404 409 503", "listOrders: 200 400 503", "placeOrder: 200 201 400 413 415 422 503", "readOrder: 200 404 503"],
            document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()).Select(Describe).Order(StringComparer.Ordinal));
        var body = document.GetProperty("paths").GetProperty("/orders").GetProperty("post").GetProperty("requestBody")
            .GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("properties");
        Assert.Equal(64, body.GetProperty("customerId").GetProperty("maxLength").GetInt32());
        Assert.Equal(1000, body.GetProperty("lines").GetProperty("maxItems").GetInt32());
        var line = body.GetProperty("lines").GetProperty("items").GetProperty("properties");
        Assert.Equal("number", line.GetProperty("unitPrice").GetProperty("type").GetString());
        Assert.False(line.GetProperty("unitPrice").TryGetProperty("multipleOf", out _));
        Assert.Equal(1_000_000, line.GetProperty("quantity").GetProperty("maximum").GetInt32());
    }

    [Fact]
    public async Task The_description_calls_no_amount_a_double()
    {
        var document = await api.Service.Http.GetFromJsonAsync<JsonElement>("/openapi/v1.json");

        Assert.Equal(
            ["total: decimal", "unitPrice: decimal", "unitPrice: decimal"],
            Properties(document).Where(property => property.Name is "total" or "unitPrice")
                .Select(property => $"{property.Name}: {property.Value.GetProperty("format")}").Order(StringComparer.Ordinal));
    }

#else
    [Fact]
    public async Task The_description_names_every_operation_with_its_answers()
    {
        var document = await api.Service.Http.GetFromJsonAsync<JsonElement>("/openapi/v1.json");

        Assert.Equal(
            ["askForGreeting: 201 400 503"],
            document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()).Select(Describe));
    }

#endif
    [Fact]
    public async Task Every_reference_in_the_description_leads_somewhere()
    {
        var document = await api.Service.Http.GetFromJsonAsync<JsonElement>("/openapi/v1.json");
        var schemas = document.GetProperty("components").GetProperty("schemas");

        var references = References(document).Distinct().ToList();

        Assert.NotEmpty(references);
        Assert.All(references, reference => Assert.True(
            schemas.TryGetProperty(reference["#/components/schemas/".Length..], out _), $"{reference} leads nowhere"));
    }

    private static string Describe(JsonProperty operation) =>
        $"{operation.Value.GetProperty("operationId")}: {string.Join(' ', operation.Value.GetProperty("responses").EnumerateObject().Select(answer => answer.Name).Order())}";

#if (!noSample)
    private static IEnumerable<JsonProperty> Properties(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property => Properties(property.Value).Prepend(property)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Properties),
        _ => [],
    };

#endif
    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property =>
            property is { Name: "$ref", Value.ValueKind: JsonValueKind.String } ? [property.Value.GetString()!] : References(property.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };
}
