using Outbox.Relay;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Outbox.Tests.Outcomes;

/// <summary>The texts of RabbitMQ 3 and of RabbitMQ 4.</summary>
public sealed class ServerCloseTests
{
    [Theory]
    [InlineData("ACCESS_REFUSED - access to topic 'k' in exchange exchange 'e' in vhost '/' refused for user 'u'", true)]
    [InlineData("ACCESS_REFUSED - write access to topic 'k' in exchange exchange 'e' in vhost '/' refused for user 'u'", true)]
    [InlineData("ACCESS_REFUSED - write access to exchange 'e' in vhost '/' refused for user 'u'", false)]
    public void A_forbidden_routing_key_is_told_from_a_forbidden_exchange(string text, bool expected) =>
        Assert.Equal(expected, Close(403, text).IsOverTopic());

    private static ShutdownEventArgs Close(ushort code, string text) => new(ShutdownInitiator.Peer, code, text);
}
