using Messaging;

namespace Inbox.Tests;

/// <summary>The message of these tests.</summary>
public sealed record Noted(string Text, int Number = 0) : IMessage
{
    public static string MessageType => "test.noted.v1";
}

/// <summary>A second message, for queues with two handlers.</summary>
public sealed record Erased(string Text) : IMessage
{
    public static string MessageType => "test.erased.v1";
}
