using RabbitMQ.Client;

namespace Bench.Lessons;

/// <summary>When a consumer tells the broker that it is done with a message.</summary>
/// <param name="Name">For the results.</param>
/// <param name="Automatic">The broker takes a message for done when it has sent it.</param>
/// <param name="Every">One ack settles so many handled messages.</param>
internal sealed record AckStrategy(string Name, bool Automatic, int Every)
{
    /// <summary>Messages that a consumer may hold unacked; nothing limits automatic acks.</summary>
    public const ushort Prefetch = 400;

    private const int Multiple = 100;

    public static IReadOnlyList<AckStrategy> All { get; } =
    [
        new("automatic acks", Automatic: true, Every: int.MaxValue),
        new("manual acks, one by one", Automatic: false, Every: 1),
        new($"manual acks, multiple, every {Multiple}", Automatic: false, Every: Multiple),
    ];

    /// <summary>Called when the handler has dealt with the message that came as number <paramref name="count"/>.</summary>
    public ValueTask HandledAsync(IChannel channel, ulong tag, int count) =>
        !Automatic && count % Every == 0 ? channel.BasicAckAsync(tag, multiple: Every > 1) : ValueTask.CompletedTask;
}
