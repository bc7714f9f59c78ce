namespace Inbox;

/// <summary>The handler has committed or rolled back the transaction that it was given. Its effect may be there already, so
/// trying again could double it.</summary>
internal sealed class HandlerEndedTransactionException()
    : PermanentFailureException("The handler has committed or rolled back by itself; the inbox commits.");
