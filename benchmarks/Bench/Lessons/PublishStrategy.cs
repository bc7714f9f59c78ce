using RabbitMQ.Client;

namespace Bench.Lessons;

/// <summary>Hands out what is to be published, and hears what the publisher takes for safe.</summary>
internal interface IMessageSource
{
    /// <summary>The number of the next message; null at the end.</summary>
    int? Next();

    /// <summary>The publisher would now forget the message: this strategy promises no more.</summary>
    void Safe(int message);
}

/// <summary>A way to publish persistent messages on one channel.</summary>
/// <param name="Name">For the results.</param>
/// <param name="Confirms">Whether the channel has publisher confirms.</param>
/// <param name="Singly">Whether each message waits for the answer to the one before: far fewer fit into the same time.</param>
/// <param name="PublishAsync">Publishes all that the source has to the queue.</param>
internal sealed record PublishStrategy(string Name, bool Confirms, bool Singly, Func<IChannel, string, IMessageSource, Task> PublishAsync)
{
    private const int Batch = 100;
    private const int Window = 1_024;
    private static readonly byte[] Body = new byte[500];

    public static IReadOnlyList<PublishStrategy> All { get; } =
    [
        new("no confirms", Confirms: false, Singly: false, ForgetAsync),
        new("confirms, one by one", Confirms: true, Singly: true, (channel, queue, source) => WindowAsync(channel, queue, source, 1)),
        new($"confirms, in batches of {Batch}", Confirms: true, Singly: false, BatchesAsync),
        new($"confirms, pipelined, {Window} in flight", Confirms: true, Singly: false, (channel, queue, source) => WindowAsync(channel, queue, source, Window)),
        new("AMQP transaction for each message", Confirms: false, Singly: true, (channel, queue, source) => TransactionsAsync(channel, queue, source, 1)),
        new($"AMQP transaction for {Batch} messages", Confirms: false, Singly: false, (channel, queue, source) => TransactionsAsync(channel, queue, source, Batch)),
    ];

    private static async Task ForgetAsync(IChannel channel, string queue, IMessageSource source)
    {
        while (source.Next() is { } message)
        {
            await SendAsync(channel, queue, message);
            source.Safe(message);
        }
    }

    private static async Task WindowAsync(IChannel channel, string queue, IMessageSource source, int size)
    {
        var window = new Queue<(int Message, Task Confirm)>();
        while (source.Next() is { } message)
        {
            window.Enqueue((message, SendAsync(channel, queue, message)));
            if (window.Count == size)
            {
                await SettleOneAsync(window, source);
            }
        }

        await SettleAllAsync(window, source);
    }

    private static async Task BatchesAsync(IChannel channel, string queue, IMessageSource source)
    {
        var batch = new Queue<(int Message, Task Confirm)>();
        while (source.Next() is { } message)
        {
            batch.Enqueue((message, SendAsync(channel, queue, message)));
            if (batch.Count == Batch)
            {
                await SettleAllAsync(batch, source);
            }
        }

        await SettleAllAsync(batch, source);
    }

    private static async Task TransactionsAsync(IChannel channel, string queue, IMessageSource source, int size)
    {
        await channel.TxSelectAsync();
        var batch = new List<int>(size);
        while (source.Next() is { } message)
        {
            await SendAsync(channel, queue, message);
            batch.Add(message);
            if (batch.Count == size)
            {
                await CommitAsync();
            }
        }

        await CommitAsync();

        async Task CommitAsync()
        {
            await channel.TxCommitAsync();
            batch.ForEach(source.Safe);
            batch.Clear();
        }
    }

    private static async Task SettleOneAsync(Queue<(int Message, Task Confirm)> sent, IMessageSource source)
    {
        var (message, confirm) = sent.Dequeue();
        await confirm;
        source.Safe(message);
    }

    private static async Task SettleAllAsync(Queue<(int Message, Task Confirm)> sent, IMessageSource source)
    {
        while (sent.Count > 0)
        {
            await SettleOneAsync(sent, source);
        }
    }

    private static Task SendAsync(IChannel channel, string queue, int message) => channel.BasicPublishAsync(
        "", queue, mandatory: true, new BasicProperties { MessageId = $"{message}", Persistent = true }, Body).AsTask();
}
