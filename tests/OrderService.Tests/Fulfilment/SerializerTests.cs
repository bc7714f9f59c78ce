using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Messaging;
using Microsoft.Extensions.DependencyInjection;
using OrderService.Tests.Orders;

namespace OrderService.Tests.Fulfilment;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class SerializerTests(ServersFixture servers)
{
    [Fact]
    public async Task A_service_writes_and_reads_its_messages_by_the_metadata_that_it_registers()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync(services => services.AddSingleton(new MessageSerializer(new MarkedNames())));

        var id = await service.PlaceAsync("sku-1", 1);

        await service.BecomesAsync(id, "confirmed");
        var bodies = await arena.Arena.ScalarAsync<string[]>("SELECT array_agg(convert_from(body, 'UTF8')) FROM outbox_message");
        Assert.Equal(2, bodies?.Length);
        Assert.All(bodies!, body => Assert.Contains($"\"orderId{MarkedNames.Mark}\":\"{id}\"", body, StringComparison.Ordinal));
    }

    /// <summary>Marks the names of all fields, so that what was written with it cannot be read without it.</summary>
    private sealed class MarkedNames() : JsonSerializerContext(null), IJsonTypeInfoResolver
    {
        public const string Mark = "~";

        private readonly DefaultJsonTypeInfoResolver _reflection = new();

        protected override JsonSerializerOptions? GeneratedSerializerOptions => null;

        public override JsonTypeInfo? GetTypeInfo(Type type) => null;

        JsonTypeInfo? IJsonTypeInfoResolver.GetTypeInfo(Type type, JsonSerializerOptions options)
        {
            var known = _reflection.GetTypeInfo(type, options);
            foreach (var field in known.Properties)
            {
                field.Name += Mark;
            }

            return known;
        }
    }
}
