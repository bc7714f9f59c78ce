using System.Collections.Concurrent;

namespace Template.Tests;

/// <summary>Two services that share a broker and a contract, and nothing else.</summary>
[Collection(RunningTemplateCollection.Name)]
[Trait("Needs", "servers")]
[Trait("Speed", "slow")]
public sealed class TwoServicesTests(TemplateHive hive, ServersFixture servers)
{
    private const int Orders = 300;
    private const int Kills = 4;
    private const string Build = "dotnet build -c Release --nologo -v q -clp:NoSummary";
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Each_order_is_shipped_once_however_often_the_other_service_is_killed()
    {
        await using var ordersArena = await servers.NewArenaAsync();
        await using var shippingArena = await servers.NewArenaAsync();
        var broker = ordersArena.RabbitMq;
        var orders = await hive.NewAsync("Acme.Orders");
        var shipping = await hive.NewAsync("Acme.Shipping", "--no-sample");
        await AddShipmentsAsync(shipping);
        await BuildAsync(orders, ordersArena.Postgres, "--fill-stock");
        await BuildAsync(shipping, shippingArena.Postgres, "");

        // First the one that consumes: an event that is published before a queue is bound for it goes to nobody.
        var shipper = await StartAsync(shipping, shippingArena.Postgres, broker);
        await using var shop = await StartAsync(orders, ordersArena.Postgres, broker);
        var placed = new ConcurrentBag<Guid>();
        var placing = Parallel.ForEachAsync(
            Enumerable.Range(0, Orders), new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (_, _) => placed.Add(await PlaceAsync(shop)));
        for (var kill = 1; kill <= Kills; kill++)
        {
            var enough = Orders * kill / (Kills + 1);
            await Eventually.IsTrueAsync(() => placed.Count >= enough, Soon, $"{enough} orders are placed");
            await shipper.KillAsync();
            await shipper.DisposeAsync();
            shipper = await StartAsync(shipping, shippingArena.Postgres, broker);
        }

        await placing;

        await using (shipper)
        {
            await Eventually.EqualsAsync((long)Orders, () => shippingArena.ScalarAsync<long>("SELECT count(DISTINCT order_id) FROM shipment"), Soon, "shipped orders");
            await Eventually.EqualsAsync(0L, () => ordersArena.ScalarAsync<long>("SELECT count(*) FROM outbox_message WHERE sent_at IS NULL"), Soon, "unsent messages");
            Assert.Equal(Orders, await shippingArena.ScalarAsync<long>("SELECT count(*) FROM shipment"));
            Assert.Equal(Orders, placed.Distinct().Count());
        }
    }

    /// <summary>What a team would write: the contract as Orders publishes it, a handler, a table, a line for the queue.</summary>
    private static async Task AddShipmentsAsync(Scaffold shipping)
    {
        var folder = Directory.CreateDirectory(Path.Combine(shipping.Directory, "src/Acme.Shipping/Shipments")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "Shipments.cs"), """
            using Inbox;
            using Messaging;
            using Microsoft.EntityFrameworkCore;
            using Microsoft.EntityFrameworkCore.Metadata.Builders;
            using Acme.Shipping.Database;

            namespace Acme.Shipping.Shipments;

            /// <summary>What Orders says: its wire name and the fields that are needed here.</summary>
            public sealed record OrderConfirmed(Guid OrderId) : IMessage
            {
                /// <inheritdoc />
                public static string MessageType => "orders.order-confirmed.v1";
            }

            internal sealed class ShipOrder(ServiceDbContext db) : IMessageHandler<OrderConfirmed>
            {
                public Task HandleAsync(OrderConfirmed message, MessageContext context, CancellationToken cancellationToken)
                {
                    db.Add(new Shipment { OrderId = message.OrderId });
                    return Task.CompletedTask;
                }
            }

            internal sealed class Shipment
            {
                public long Id { get; init; }

                public required Guid OrderId { get; init; }
            }

            internal sealed class ShipmentConfiguration : IEntityTypeConfiguration<Shipment>
            {
                public void Configure(EntityTypeBuilder<Shipment> shipment)
                {
                    shipment.ToTable("shipment");
                    shipment.Property(s => s.Id).HasColumnName("id").UseIdentityAlwaysColumn();
                    shipment.Property(s => s.OrderId).HasColumnName("order_id");
                }
            }
            """);
        var queues = Path.Combine(shipping.Directory, "src/Acme.Shipping/Queues.cs");
        await File.WriteAllTextAsync(queues, shipping.Read("src/Acme.Shipping/Queues.cs").Replace(
            ".AddReplies()",
            """.AddReplies().Queue("acme-shipping.shipments", queue => queue.From("acme-orders.events").Handle<Shipments.OrderConfirmed, Shipments.ShipOrder>())""",
            StringComparison.Ordinal));
        await shipping.RunAsync(
            """
            dotnet tool restore
            dotnet restore migrations
            dotnet ef migrations add AddShipment --project migrations --output-dir Versions
            """);
    }

    private static Task<string> BuildAsync(Scaffold service, string postgres, string options) => service.RunAsync(
        $"{Build} migrations && ConnectionStrings__Postgres='{postgres}' dotnet migrations/bin/Release/net10.0/Migrations.dll {options}");

    private static Task<RunningScaffold> StartAsync(Scaffold service, string postgres, string rabbitMq) =>
        RunningScaffold.StartAsync(service.Directory, Path.Combine(service.Directory, "src", service.Service), postgres, rabbitMq);

    private static async Task<Guid> PlaceAsync(RunningScaffold shop) => (await shop.PostAsync(
        "/orders", """{"customerId":"c-1","currency":"EUR","lines":[{"sku":"sku-1","quantity":1,"unitPrice":9.90}]}""")).GetProperty("id").GetGuid();
}
