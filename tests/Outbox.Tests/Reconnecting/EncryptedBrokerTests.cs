namespace Outbox.Tests.Reconnecting;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class EncryptedBrokerTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_broker_with_the_certificate_of_another_host_is_told_nothing_until_it_has_one_of_its_own()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var broker = new UriBuilder(arena.Arena.RabbitMq);
        using var door = new TlsDoor(broker.Host, broker.Port, certified: "elsewhere.test");
        (broker.Scheme, broker.Host, broker.Port) = ("amqps", "localhost", door.Port);
        await arena.AddNotesAsync(1, 10);

        await using var relay = RelayProcess.Start(
            arena, ("ConnectionStrings__RabbitMq", broker.Uri.AbsoluteUri), ("SSL_CERT_FILE", door.AuthorityFile));

        await relay.LogsAsync("RemoteCertificateNameMismatch", Deadline);
        Assert.Equal(10, await arena.CountAsync("sent_at IS NULL AND attempts = 0"));
        door.Certify("localhost");
        await tap.ReadUntilAsync(10, Deadline);
        await arena.AllSentAsync(Deadline);
    }
}
