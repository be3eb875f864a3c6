// Generated from the server's OpenAPI description by `make types`: do not edit.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A command was carried out. */
        Ack: {
            /**
             * @default ack
             * @constant
             */
            type: "ack";
            id: string | null;
        };
        /** @description One thing to do in the page. */
        Action: {
            type: components["schemas"]["ActionType"];
            /** @description A Playwright selector: ``#pay``, ``text=Checkout``, ``role=button[name="Pay"]``. */
            selector?: string | null;
            /**
             * @description What the type needs: text, a key, a URL, milliseconds, pixels, a tab's index, files to upload (one on a line:
             *     a ``data:`` URL, a file's name, or a reference that begins with `KEPT`).
             */
            value?: string | number | null;
            /** @description Where a drag ends, a Playwright selector. */
            target?: string | null;
            /** @description Of a ``click``; None is the left one. */
            button?: ("left" | "middle" | "right") | null;
            /** @description Keys that are held down during a ``click``. */
            modifiers?: ("Alt" | "Control" | "Meta" | "Shift")[] | null;
        };
        /** @description One thing to do in the page. */
        ActionOutput: {
            type: components["schemas"]["ActionType"];
            /** @description A Playwright selector: ``#pay``, ``text=Checkout``, ``role=button[name="Pay"]``. */
            selector: string | null;
            /**
             * @description What the type needs: text, a key, a URL, milliseconds, pixels, a tab's index, files to upload (one on a line:
             *     a ``data:`` URL, a file's name, or a reference that begins with `KEPT`).
             */
            value: string | number | null;
            /** @description Where a drag ends, a Playwright selector. */
            target: string | null;
            /** @description Of a ``click``; None is the left one. */
            button: ("left" | "middle" | "right") | null;
            /** @description Keys that are held down during a ``click``. */
            modifiers: ("Alt" | "Control" | "Meta" | "Shift")[] | null;
        };
        /**
         * @description What can be done in the page.
         * @enum {string}
         */
        ActionType: "click" | "double_click" | "hover" | "type" | "press" | "select" | "check" | "uncheck" | "scroll" | "navigate" | "back" | "forward" | "reload" | "wait" | "upload" | "drag" | "new_tab" | "switch_tab" | "close_tab" | "expect_text" | "expect_visible" | "expect_url" | "expect_download" | "call";
        /** @description Says something about the run, or an element that was picked, to everybody who watches and to the planner. */
        AddComment: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @default add_comment
             * @constant
             */
            type: "add_comment";
            text: string;
            /** @description The element that it is about. */
            selector?: string | null;
            /** @description The same in words: ``button 'Pay now'``. */
            element?: string | null;
        };
        /** @description Answers a native dialog, a file chooser, a ``<select>`` or an ``<input>``: see the event ``dialog``. */
        AnswerDialog: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @default answer_dialog
             * @constant
             */
            type: "answer_dialog";
            dialogId: string;
            accept: boolean;
            text?: string | null;
            values?: string[] | null;
            files?: components["schemas"]["FileContent"][] | null;
        };
        /** @description Approves the step that is proposed and waits for a person. */
        ApproveStep: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @default approve_step
             * @constant
             */
            type: "approve_step";
            /** @description Where given, only this proposal is approved, not one that has taken its place. */
            proposalId?: string | null;
        };
        /** @description An attach session, with the address of its page. */
        AttachSessionInfo: {
            session: components["schemas"]["SessionRef"];
            /** @description A WebSocket address on loopback for Playwright clients; whoever knows it can run code. */
            endpoint: string;
            /** @description True while somebody who may steer is connected to one of the session's runs, or is at the session's page. */
            attended: boolean;
            /** @description How many runs the session has had so far. */
            runs: number;
            review: boolean;
            /**
             * @description What the client's hooks had to say, such as which browser they left alone.
             * @default []
             */
            notes: string[];
            /** @description Without a credential: the page needs the owner's key. */
            watchUrl: string;
        };
        /** @description Whose browser a run is that jumpseat does not drive by itself. */
        AttachedClient: {
            /** @enum {string} */
            kind: "playwright" | "cdp" | "webdriver";
            /** @description What it calls itself, such as the language of its Playwright. */
            name: string | null;
            version: string | null;
        };
        /** @description The test that an attached run belongs to, as far as it is known. */
        AttachedTest: {
            file: string | null;
            line: number | null;
            /** @description As the test runner prints it: pytest's node id, or Playwright Test's titles. */
            title: string | null;
            /** @description The name of the parallel worker that it runs in. */
            worker: string | null;
            /**
             * @description 0 for the first attempt.
             * @default 0
             */
            retry: number;
        };
        /** @description What a person is needed for: help for a run that is stuck, or the approval of a step. */
        Attention: {
            reason: string;
            /** @description When the run gives up; None while nothing runs out, as while somebody holds control. */
            deadline: string | null;
            since: string;
        };
        /**
         * @description What somebody did.
         * @enum {string}
         */
        AuditAction: "created" | "removed" | "watched" | "steered" | "shared" | "revoked" | "exported" | "kept_secret" | "lifted_covers";
        /** @description A page of the audit trail, oldest first. */
        AuditPage: {
            entries: components["schemas"]["NumberedAuditEntry"][];
            nextCursor: string | null;
        };
        /** @description A rectangle in CSS pixels of the viewport. */
        Box: {
            x: number;
            y: number;
            width: number;
            height: number;
        };
        BreakpointRequest: {
            /** @description The entry's, as in the run's ``plan``. */
            index: number;
            /** @description False: the breakpoint is removed. */
            on: boolean;
        };
        /** @description Has the holder of control do this at once, as with the buttons around a browser's page. */
        Browse: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @default browse
             * @constant
             */
            type: "browse";
            action: components["schemas"]["Action"];
        };
        /** @description Ends the run as cancelled. */
        Cancel: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @default cancel
             * @constant
             */
            type: "cancel";
        };
        /** @description One option of a ``<select>``. */
        Choice: {
            value: string;
            label: string;
            /** @default false */
            selected: boolean;
            /** @default false */
            disabled: boolean;
        };
        /** @description The answer to a command that has a path of its own. */
        CommandAccepted: {
            /** @description The run's status after the command. */
            status: components["schemas"]["RunStatus"];
        };
        /** @description Something that a person has said about a run, or about an element of its page. */
        Comment: {
            /** @description Names it, from 1. */
            number: number;
            at: string;
            by: components["schemas"]["Holder"];
            text: string;
            /** @description The element that it is about. */
            selector: string | null;
            /** @description The same in words: ``button 'Pay now'``. */
            element: string | null;
            /**
             * @description The step that had been begun last; 0 before the first.
             * @default 0
             */
            step: number;
        };
        /** @description A person has said something about the run, or has taken it back. */
        CommentChanged: {
            /**
             * @default comment
             * @constant
             */
            type: "comment";
            comment: components["schemas"]["Comment"];
            /** @default false */
            removed: boolean;
        };
        /** @description One line of the page's console, an error that nothing in the page caught, or a violation of its policy. */
        ConsoleEntry: {
            /**
             * @description Counts console entries and requests together, from 1.
             * @default 0
             */
            number: number;
            at: string;
            /**
             * @description The step that had been begun last; 0 before the first.
             * @default 0
             */
            step: number;
            /** @enum {string} */
            level: "error" | "warning" | "info" | "debug";
            /**
             * @description ``exception``: an uncaught error, or a rejected promise; ``policy``: of the Content Security Policy.
             * @default console
             * @enum {string}
             */
            kind: "console" | "exception" | "policy";
            text: string;
            /** @description The script or document that it comes from. */
            url: string | null;
            /** @description From 1. */
            line: number | null;
        };
        /** @description What the page logged and threw, in order: the newest, and those that failed, are kept. */
        ConsoleList: {
            entries: components["schemas"]["ConsoleEntry"][];
            /** @description How many entries of the run were dropped. */
            leftOut: number;
            /** @description Milliseconds for which a flood was not listened to: what came then is in no count. */
            mutedMs: number;
        };
        /** @description The page warned of something, or something went wrong in it; only the first ones of each step are sent. */
        ConsoleMessage: {
            /**
             * @default console
             * @constant
             */
            type: "console";
            /** @description That of its `ConsoleEntry`. */
            number: number;
            /** @description The step that had been begun last; 0 before the first. */
            step: number;
            /** @enum {string} */
            level: "error" | "warning";
            /** @enum {string} */
            kind: "console" | "exception" | "policy";
            text: string;
            /**
             * @description How many others of the run were not sent as events so far.
             * @default 0
             */
            unsent: number;
        };
        /** @description Who holds control of the page, and since when. */
        Control: {
            holder: components["schemas"]["Holder"] | null;
            since: string | null;
            /**
             * @description Those who ask the holder for it, in the order in which they asked.
             * @default []
             */
            requests: components["schemas"]["Holder"][];
        };
        /** @description Another person holds control, or nobody any more, or the holder has gone or come back. */
        ControlChanged: {
            /**
             * @default control_changed
             * @constant
             */
            type: "control_changed";
            holder: components["schemas"]["Holder"] | null;
            since: string | null;
            /** @description The holder has gone; control ends then, unless they come back. */
            graceUntil: string | null;
            /**
             * @description Those who ask the holder for control, in the order in which they asked.
             * @default []
             */
            requests: components["schemas"]["Holder"][];
        };
        /** @description The text that is selected in the page. */
        Copied: {
            /**
             * @default copied
             * @constant
             */
            type: "copied";
            id: string | null;
            /** @description Empty where nothing is selected, or what is selected is not shown to people. */
            text: string;
            /**
             * @description Whether it is longer than what is sent.
             * @default false
             */
            cut: boolean;
        };
        /** @description Asks for the text that is selected in the page; only its sender, who holds control, gets the answer. */
        CopySelection: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @default copy_selection
             * @constant
             */
            type: "copy_selection";
        };
        /** @description The curtain was closed or opened, or covered fields are shown or covered again; both as in `CurtainView`. */
        CurtainChanged: {
            /**
             * @default curtain_changed
             * @constant
             */
            type: "curtain_changed";
            closedBy: components["schemas"]["Holder"] | null;
            liftedBy: components["schemas"]["Holder"] | null;
        };
        /** @description What is kept from viewers' eyes. */
        CurtainView: {
            /** @description Whoever holds control and has closed the curtain: all others see a still picture. None: it is open. */
            closedBy: components["schemas"]["Holder"] | null;
            /** @description The owner who has live pictures show covered fields; None: they are covered. */
            liftedBy: components["schemas"]["Holder"] | null;
        };
        /** @description A native dialog, file chooser, ``<select>``, or the popup of an ``<input>``, none of which is in the picture. */
        Dialog: {
            /**
             * @default dialog
             * @constant
             */
            type: "dialog";
            dialogId: string;
            /** @enum {string} */
            kind: "alert" | "confirm" | "prompt" | "beforeunload" | "file_chooser" | "select" | "input";
            /** @default  */
            message: string;
            defaultValue: string | null;
            options: components["schemas"]["Choice"][] | null;
            multiple: boolean | null;
            accept: string | null;
            /** @description Of an ``input``: what it takes; ``list`` is a text with suggestions, which are the ``options``. */
            inputType: ("date" | "time" | "datetime-local" | "month" | "week" | "color" | "list") | null;
            deadline: string | null;
            /**
             * @description True: it was answered, or is gone.
             * @default false
             */
            closed: boolean;
        };
        /** @description A native dialog that opened on account of a step, and what it was answered, by a person or by default. */
        DialogAnswer: {
            /** @enum {string} */
            kind: "alert" | "confirm" | "prompt" | "beforeunload";
            /**
             * @description Its first words.
             * @default
             */
            message: string;
            accepted: boolean;
            /** @description What was typed into a prompt; a secret's value is never here. */
            text: string | null;
        };
        /** @description One file that the page downloaded, or was kept from downloading. */
        DownloadEntry: {
            /**
             * @description Names it in its address, from 1.
             * @default 0
             */
            number: number;
            /** @description When it was begun. */
            at: string;
            /**
             * @description The step that had been begun last then; 0 before the first.
             * @default 0
             */
            step: number;
            /** @description As the page or the server suggests it. */
            name: string;
            url: string;
            /** @description Bytes; None where it is not kept. */
            size: number | null;
            /** @description Why it is not kept. */
            error: string | null;
        };
        /** @description The files that the page downloaded, or was kept from downloading, in order. */
        DownloadList: {
            entries: components["schemas"]["DownloadEntry"][];
        };
        /** @description The page has downloaded a file, or was kept from it. */
        Downloaded: {
            /**
             * @default downloaded
             * @constant
             */
            type: "downloaded";
            /** @description Names it in its address, from 1. */
            number: number;
            step: number;
            name: string;
            url: string;
            /** @description Bytes; None where it is not kept. */
            size: number | null;
            /** @description Why it is not kept. */
            error: string | null;
        };
        /** @description One call of a Playwright locator, or one expectation of it, that a step was carried out by or checked with. */
        ElementCall: {
            selector: string;
            /** @enum {string} */
            method: "fill" | "press_sequentially" | "press" | "focus" | "blur" | "scroll_to" | "type_code" | "click" | "click_at" | "select_option" | "check" | "uncheck" | "drag_to" | "upload" | "to_have_value" | "to_have_values" | "to_have_text" | "to_have_attribute" | "to_contain_text" | "to_contain_class" | "to_be_checked" | "not_to_be_checked";
            /**
             * @description Its argument: ``x,y`` of ``click_at``, of a drag the target's selector, several options or values one on each
             *     line, ``name=value`` of an attribute; a secret's value is never here.
             */
            value: string | null;
        };
        /** @description A message was refused, with a code for programs and a sentence for people. */
        ErrorReply: {
            /**
             * @default error
             * @constant
             */
            type: "error";
            id: string | null;
            code: string;
            message: string;
            field: string | null;
        };
        /** @description What is wrong with one field of a request. */
        FieldProblem: {
            /** @description Path of the field, such as ``action.selector``; None where it is the body as a whole. */
            field: string | null;
            message: string;
        };
        /** @description One file for a file chooser. */
        FileContent: {
            name: string;
            /** @default application/octet-stream */
            mimeType?: string;
            /** @description Base64. */
            data: string;
        };
        /** @description A secret with what it may be used for. */
        GivenSecret: {
            /** @description 3 characters or more. */
            value: string;
            /** @description Where it may be filled in, such as ``https://login.example``, or ``*`` for everywhere; None: the start URL's. */
            origins?: string[] | null;
            /**
             * @description What it may be used for besides fields: in addresses of its origins, in expectations, in selectors.
             * @default []
             */
            use?: components["schemas"]["SecretUse"][];
        };
        /** @description Requests as HAR 1.2. */
        HarArchive: {
            log: {
                [key: string]: unknown;
            };
        };
        /** @description The run as it stands, for a client that has just come. */
        Hello: {
            /**
             * @default hello
             * @constant
             */
            type: "hello";
            role: components["schemas"]["Role"];
            /** @default 1 */
            protocol: number;
            viewerId: string;
            run: components["schemas"]["RunView"];
            /** @default [] */
            dialogs: components["schemas"]["Dialog"][];
            /** @description The active page, once there is one. */
            page: components["schemas"]["PageChanged"] | null;
            /** @description What people are asked, while the run waits for their help. */
            help: components["schemas"]["HelpNeeded"] | null;
            /** @description What the run waits for. */
            waiting: components["schemas"]["Waiting"] | null;
        };
        /** @description The run is stuck: try again, override, skip or take control before the deadline, or it fails. */
        HelpNeeded: {
            /**
             * @default help_needed
             * @constant
             */
            type: "help_needed";
            reason: string;
            /** @description None in ``hello`` while the wait stands still: somebody holds control, or the run is paused. */
            deadline: string | null;
            /** @default [] */
            suggestions: components["schemas"]["Proposal"][];
        };
        /** @description A person who holds control, or may. */
        Holder: {
            viewerId: string;
            name: string;
        };
        /** @description What was sent, or answered, as far as it is a text. */
        HttpBody: {
            /** @description Its beginning, with dots for secrets; None where it is not kept. */
            text: string | null;
            /** @description Bytes, where that is known. */
            size: number | null;
            /**
             * @description Whether it goes on.
             * @default false
             */
            cut: boolean;
            /** @description Why it is not kept. */
            leftOut: string | null;
        };
        /** @description One header; its value is dots where it may be a credential. */
        HttpHeader: {
            name: string;
            value: string;
        };
        /** @description Carries what the holder of control does with pointer, wheel, keyboard or touch. */
        Input: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @description Pixels from the left of the decoded picture.
             * @default 0
             */
            x?: number;
            /**
             * @description Pixels from the top of the decoded picture.
             * @default 0
             */
            y?: number;
            /**
             * @description The decoded picture's width, pixels; 0: ``x`` and ``y`` are CSS pixels of the page's viewport.
             * @default 0
             */
            width?: number;
            /**
             * @description The decoded picture's height, pixels.
             * @default 0
             */
            height?: number;
            /**
             * @default input
             * @constant
             */
            type: "input";
            /** @enum {string} */
            kind: "move" | "down" | "up" | "wheel" | "key_down" | "key_up" | "text" | "paste" | "touch_start" | "touch_move" | "touch_end";
            /**
             * @default left
             * @enum {string}
             */
            button?: "left" | "middle" | "right";
            /** @default 1 */
            clickCount?: number;
            /** @default 0 */
            deltaX?: number;
            /** @default 0 */
            deltaY?: number;
            /**
             * @description ``KeyboardEvent.key``
             * @default
             */
            key?: string;
            /**
             * @description ``KeyboardEvent.code``
             * @default
             */
            code?: string;
            /** @default  */
            text?: string;
            /** @default false */
            repeat?: boolean;
            /** @default [] */
            modifiers?: ("Alt" | "Control" | "Meta" | "Shift")[];
        };
        /** @description What the plain planner does not understand in instructions. */
        InstructionProblem: {
            /** @description The line of the instructions, from 1. */
            line: number;
            /** @description As it was written; None where a quote is not closed. */
            sentence: string | null;
            /** @description What is wrong, with the line, and what could be written instead. */
            message: string;
            /**
             * @description Sentences like it that are understood.
             * @default []
             */
            examples: string[];
        };
        /** @description What is wrong with instructions, line by line; nothing where a run could be started with them. */
        InstructionsChecked: {
            problems: components["schemas"]["InstructionProblem"][];
        };
        InstructionsRequest: {
            instructions: string;
        };
        InstructionsToCheck: {
            instructions: string;
            /** @description Who is to follow them; None: the server's default. */
            planner?: ("plain" | "script" | "model") | null;
        };
        /** @description The run goes on from new instructions. */
        InstructionsUpdated: {
            /**
             * @default instructions_updated
             * @constant
             */
            type: "instructions_updated";
            instructions: string;
            version: number;
        };
        /** @description Has live pictures show the fields that are covered in them, or covers these again. */
        LiftCovers: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @default lift_covers
             * @constant
             */
            type: "lift_covers";
            lifted: boolean;
        };
        Liveness: {
            /**
             * @default ok
             * @constant
             */
            status: "ok";
        };
        /** @description One selector as the locators that tests have, without the page before them. */
        Locators: {
            /** @description Such as ``get_by_role("button", name="Pay", exact=True)``. */
            python: string;
            /** @description Such as ``getByRole('button', { name: 'Pay', exact: true })``; None where a secret is a part of it. */
            typescript: string | null;
        };
        /** @description What an attach session is made from: the body of ``POST /api/attach``. */
        NewAttachSession: {
            /** @description One line for people, such as the command that is run. */
            name: string;
            /**
             * @description True: every call waits for somebody's approval.
             * @default false
             */
            review?: boolean;
            /**
             * @description How long a failed call is kept from the client while somebody is there.
             * @default 600000
             */
            helpTimeoutMs?: number;
            /** @description Values that are masked wherever they appear, 3 characters or more each. */
            secrets?: {
                [key: string]: string | components["schemas"]["GivenSecret"];
            };
            /**
             * @description Where the endpoint listens on loopback; 0: any free port.
             * @default 0
             */
            port?: number;
            /** @description The working folder of the client, relative to which its files are named. */
            folder?: string | null;
        };
        /** @description What a run is made from: the body of ``POST /api/tests``. */
        NewRun: {
            url: string;
            instructions?: string | null;
            steps?: components["schemas"]["Action"][] | null;
            /** @description None: ``script`` where steps are given, else the server's default. */
            planner?: ("plain" | "script" | "model") | null;
            /**
             * @default auto
             * @enum {string}
             */
            mode?: "auto" | "review";
            viewport?: components["schemas"]["Viewport"] | null;
            browser?: ("chromium" | "firefox" | "webkit") | null;
            name?: string | null;
            /** @description Values for ``{{secret:NAME}}`` in actions and instructions, 3 characters or more; they appear nowhere else. */
            secrets?: {
                [key: string]: string | components["schemas"]["GivenSecret"];
            };
            /**
             * @description The hosts that its pages may reach besides the start URL's: names, addresses, ``*.`` before a name for all below
             *     it; None: all that the server allows.
             */
            allowHosts?: string[] | null;
            /** @description Whether controllers may use secrets in overrides and instructions; None: as the server is set. */
            controllerSecrets?: boolean | null;
            /** @description Whether its pictures are recorded, ``on-failure`` the last minutes; None: as the server is set. */
            record?: ("off" | "on" | "on-failure") | null;
            /** @description Whether it is traced for Playwright's trace viewer; None: as the server is set. */
            trace?: ("off" | "on" | "on-failure") | null;
            /**
             * @description Whether its pages' consoles and requests are kept, and the texts that these send and get; None: as the server is
             *     set.
             */
            pageLog?: ("off" | "on" | "bodies") | null;
            /** @description The entry of its plan, by index from 0, that it pauses before, as at a breakpoint; not with the model planner. */
            pauseBefore?: number | null;
            /** @default 15000 */
            stepTimeoutMs?: number;
            /** @default 120000 */
            helpTimeoutMs?: number;
        };
        /** @description An entry as it is kept. */
        NumberedAuditEntry: {
            at: string;
            runId: string;
            action: components["schemas"]["AuditAction"];
            /** @description The name of the API key, or a viewer's own name, by which events call them, too. */
            who: string;
            role: components["schemas"]["Role"];
            /** @description The id of the share link that was used; None for an API key. */
            link: string | null;
            /** @description The address of the client; None where another server, such as LiveKit's, stands between. */
            address: string | null;
            /**
             * @description The attach session that a run was created by, the transport of who watched, the command of who steered, the id of
             *     the link that was shared or revoked, the format that was exported, the name of the secret that was kept, whether
             *     covered fields are ``shown`` or ``covered`` from now on.
             */
            detail: string | null;
            /** @description Grows from entry to entry of a server, with gaps. */
            number: number;
        };
        /** @description The active page, its address or title, or the list of tabs has changed. */
        PageChanged: {
            /**
             * @default page_changed
             * @constant
             */
            type: "page_changed";
            url: string;
            title: string;
            /** @default [] */
            tabs: components["schemas"]["Tab"][];
            viewport: components["schemas"]["Size"] | null;
        };
        /** @description Lets the step in flight end, and dispatches nothing more. */
        Pause: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @default pause
             * @constant
             */
            type: "pause";
        };
        /** @description Asks which element is at this point of the picture. */
        Pick: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @description Pixels from the left of the decoded picture.
             * @default 0
             */
            x?: number;
            /**
             * @description Pixels from the top of the decoded picture.
             * @default 0
             */
            y?: number;
            /**
             * @description The decoded picture's width, pixels; 0: ``x`` and ``y`` are CSS pixels of the page's viewport.
             * @default 0
             */
            width?: number;
            /**
             * @description The decoded picture's height, pixels.
             * @default 0
             */
            height?: number;
            /**
             * @default pick
             * @constant
             */
            type: "pick";
            /**
             * @description The pointer is only passing by: the element is named, and nothing of what it holds is read.
             * @default false
             */
            preview?: boolean;
        };
        /** @description The element at a point of the picture. */
        Picked: {
            /**
             * @default picked
             * @constant
             */
            type: "picked";
            id: string | null;
            selector: string;
            /** @description The selector as tests write it. */
            locators: components["schemas"]["Locators"] | null;
            /**
             * @description How many elements the selector finds when it does not say which of them.
             * @default 1
             */
            matches: number;
            /**
             * @description Which of these the element is, from 1.
             * @default 1
             */
            place: number;
            role: string | null;
            name: string | null;
            text: string | null;
            /** @description What an ``expect_text`` would look at: the text that the element shows, or the value of a field. */
            holds: ("text" | "value") | null;
            /**
             * @description The beginning of that, 200 characters at most, to be an action's ``value``; None where there is nothing, or it is
             *     covered.
             */
            content: string | null;
            box: components["schemas"]["Box"] | null;
            viewport: components["schemas"]["Size"] | null;
            /**
             * @description As it was asked.
             * @default false
             */
            preview: boolean;
        };
        /** @description Asks for a ``pong``, to measure the way there and back. */
        Ping: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @default ping
             * @constant
             */
            type: "ping";
            /** @description Given back as it is. */
            t?: number | string | null;
        };
        /** @description What is planned ahead has changed, or where the run stands in it. */
        PlanChanged: {
            /** @description The index of the first entry that is not begun. */
            next: number;
            /** @description The index behind the last entry. */
            end: number;
            /**
             * @description The entries that have a breakpoint, by index, in order.
             * @default []
             */
            breakpoints: number[];
            /** @description The entry that the run goes on to, to pause before it once. */
            runTo: number | null;
            /** @description Set while the run is paused because it has come to this entry. */
            pausedAt: number | null;
            /**
             * @default plan_changed
             * @constant
             */
            type: "plan_changed";
            /** @description As in `PlanView`; None: those that were known already, from ``next`` on. */
            entries: components["schemas"]["PlannedStep"][] | null;
            /**
             * @description Those that had a breakpoint, or were to be run to, and are planned no more.
             * @default []
             */
            lost: components["schemas"]["PlannedStep"][];
        };
        PlanEntryRequest: {
            /** @description The entry's, as in the run's ``plan``. */
            index: number;
        };
        /** @description What is planned ahead. */
        PlanView: {
            /** @description The index of the first entry that is not begun. */
            next: number;
            /** @description The index behind the last entry. */
            end: number;
            /**
             * @description The entries that have a breakpoint, by index, in order.
             * @default []
             */
            breakpoints: number[];
            /** @description The entry that the run goes on to, to pause before it once. */
            runTo: number | null;
            /** @description Set while the run is paused because it has come to this entry. */
            pausedAt: number | null;
            /** @description Those that are not begun, in order: the next 200 at most. */
            entries: components["schemas"]["PlannedStep"][];
        };
        /** @description An entry of the plan, as far as it is known before its page is there. */
        PlannedStep: {
            /** @description How many entries of the plan are settled before it is done. */
            index: number;
            /** @description The sentence, or what the action does, in one line. */
            words: string;
            /** @description The line of the instructions, from 1. */
            line: number | null;
        };
        /** @description The answer to ``ping``. */
        Pong: {
            /**
             * @default pong
             * @constant
             */
            type: "pong";
            id: string | null;
            t: number | string | null;
        };
        /** @description Every refusal (RFC 9457). */
        ProblemDetails: {
            type: string;
            /** @description The phrase of the status code. */
            title: string;
            status: number;
            /** @description What is wrong, and what to do. */
            detail: string;
            /**
             * @description The same codes as control messages have.
             * @default
             */
            code?: string;
            /** @default [] */
            errors?: components["schemas"]["FieldProblem"][];
        };
        /** @description The next step, before it is done. */
        Proposal: {
            proposalId: string;
            stepNumber: number;
            action: components["schemas"]["ActionOutput"];
            /** @description One line for a person. */
            description: string;
            reasoning: string | null;
            /**
             * @default plan
             * @enum {string}
             */
            source: "plan" | "override" | "repair";
            /**
             * @description Of an override: whether the plan's step is done after it.
             * @default instead
             * @enum {string}
             */
            place: "instead" | "before";
            /** @description Where the target is in the viewport, where it could be found. */
            box: components["schemas"]["Box"] | null;
            viewport: components["schemas"]["Size"] | null;
            /** @default 1 */
            instructionsVersion: number;
            /** @description Where the client's code makes the call, in an attached run. */
            location: components["schemas"]["SourceLocation"] | null;
        };
        Readiness: {
            /** @enum {string} */
            status: "ready" | "not ready";
            /** @description For each check ``ok``, or what is wrong. */
            checks: {
                [key: string]: string;
            };
        };
        /** @description How long a recording is, and where nothing happens in it. */
        RecordingTimeline: {
            /** @description When its first picture was captured; None before that. */
            startedAt: string | null;
            durationMs: number;
            /** @description Whether the run still goes on. */
            growing: boolean;
            /**
             * @description In order; those of at least two seconds.
             * @default []
             */
            stills: components["schemas"]["StillSpan"][];
        };
        /** @description Gives control back to the run, or hands it to another person. */
        ReleaseControl: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @default release_control
             * @constant
             */
            type: "release_control";
            /** @description The viewer id of the person to hand control to. */
            to?: string | null;
            /** @description Whether the step that has failed is tried again, or was done by hand; None: as what the person did looks. */
            failedStep?: ("retry" | "done") | null;
        };
        /** @description Takes a comment back: one's own, or any as the owner. */
        RemoveComment: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @default remove_comment
             * @constant
             */
            type: "remove_comment";
            number: number;
        };
        /** @description Asks for one step again; only its sender gets the answer. */
        ReplayStep: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @default replay_step
             * @constant
             */
            type: "replay_step";
            stepNumber: number;
        };
        /** @description Asks whoever holds control for it; they see who asks, and may hand it over. */
        RequestControl: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @default request_control
             * @constant
             */
            type: "request_control";
        };
        /** @description One request of the page that is over, or a WebSocket of it that was closed. */
        RequestEntry: {
            /**
             * @description Counts console entries and requests together, from 1.
             * @default 0
             */
            number: number;
            /** @description When it was begun. */
            at: string;
            /**
             * @description The step that had been begun last then; 0 before the first.
             * @default 0
             */
            step: number;
            method: string;
            url: string;
            /** @description Of the document that asked. */
            origin: string | null;
            /** @description As Playwright names them: ``document``, ``fetch``, ``image``, ``websocket`` and so on. */
            resourceType: string;
            /** @description None where no answer came. */
            status: number | null;
            /** @default  */
            statusText: string;
            /** @description Why no answer came, in the browser's words. */
            error: string | null;
            /**
             * @description An error's status, or no answer; not where the page itself, or a navigation, gave it up.
             * @default false
             */
            failed: boolean;
            durationMs: number | null;
            /** @default [] */
            requestHeaders: components["schemas"]["HttpHeader"][];
            /** @default [] */
            responseHeaders: components["schemas"]["HttpHeader"][];
            /** @description Set, as is ``response_body``, in runs whose ``pageLog`` is ``bodies``; never for viewers. */
            requestBody: components["schemas"]["HttpBody"] | null;
            responseBody: components["schemas"]["HttpBody"] | null;
        };
        /** @description A request of the page was answered with an error, or not at all; as many at most as of ``console``. */
        RequestFailed: {
            /**
             * @default request_failed
             * @constant
             */
            type: "request_failed";
            /** @description That of its `RequestEntry`. */
            number: number;
            step: number;
            method: string;
            url: string;
            /** @description Of the document that asked. */
            origin: string | null;
            resourceType: string;
            /** @description None where no answer came. */
            status: number | null;
            /** @description Why no answer came. */
            error: string | null;
            /**
             * @description How many others of the run were not sent as events so far.
             * @default 0
             */
            unsent: number;
        };
        /** @description The page's requests that are over, in order: the newest, and those that failed, are kept. */
        RequestList: {
            entries: components["schemas"]["RequestEntry"][];
            /** @description How many entries of the run were dropped. */
            leftOut: number;
            /** @description Milliseconds for which a flood was not listened to: what came then is in no count. */
            mutedMs: number;
        };
        /** @description Ends a pause, or has a run that waits for help look again at what went wrong. */
        Resume: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @default resume
             * @constant
             */
            type: "resume";
        };
        /**
         * @description What one may do, from the least to the most.
         * @enum {string}
         */
        Role: "viewer" | "controller" | "owner";
        /** @description The run has come to its one final status. */
        RunFinished: {
            /**
             * @default run_finished
             * @constant
             */
            type: "run_finished";
            status: components["schemas"]["RunStatus"];
            error: string | null;
            /**
             * @description As `RunView.failed_steps`.
             * @default 0
             */
            failedSteps: number;
        };
        /** @description One page of the owner's runs, newest first. */
        RunList: {
            runs: components["schemas"]["RunView"][];
            /** @description The ``cursor`` of the next page; None on the last one. */
            nextCursor: string | null;
        };
        /** @description The run's status, or its pause, has changed. */
        RunState: {
            /**
             * @default run_state
             * @constant
             */
            type: "run_state";
            status: components["schemas"]["RunStatus"];
            paused: boolean;
        };
        /**
         * @description How far a run has come.
         * @enum {string}
         */
        RunStatus: "queued" | "starting" | "running" | "paused" | "diagnosing" | "passed" | "failed" | "cancelled";
        /** @description Has the run go on to an entry of its plan, and pause before it once. */
        RunTo: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @default run_to
             * @constant
             */
            type: "run_to";
            /** @description The entry's, as in `Run.plan`. */
            index: number;
        };
        /** @description A run as everybody may see it. */
        RunView: {
            id: string;
            name: string;
            status: components["schemas"]["RunStatus"];
            paused: boolean;
            url: string;
            instructions: string | null;
            instructionsVersion: number;
            /** @enum {string} */
            planner: "plain" | "script" | "model" | "attached";
            /** @enum {string} */
            mode: "auto" | "review";
            /** @description The number of the step that is being done, else of the last one; 0 before the first. */
            currentStep: number;
            /** @description Steps done and still planned; None where the planner cannot know. */
            totalSteps: number | null;
            /** @description Empty in lists of runs. */
            steps: components["schemas"]["StepSummary"][];
            proposal: components["schemas"]["Proposal"] | null;
            control: components["schemas"]["Control"];
            viewers: number;
            /**
             * @description Those who are connected and may control, in the order in which they came.
             * @default []
             */
            controllers: components["schemas"]["Holder"][];
            /**
             * @description All who are connected, in the order in which they came.
             * @default []
             */
            watchers: components["schemas"]["Watcher"][];
            createdAt: string;
            startedAt: string | null;
            endedAt: string | null;
            error: string | null;
            /**
             * @description How many steps failed and were skipped or replaced: a run that passed with some is no plain pass.
             * @default 0
             */
            failedSteps: number;
            /** @description Set while a person is needed. */
            attention: components["schemas"]["Attention"] | null;
            /** @description Of the last step that has one. */
            lastScreenshotUrl: string | null;
            /**
             * @description What is kept from viewers' eyes.
             * @default {
             *       "closedBy": null,
             *       "liftedBy": null
             *     }
             */
            curtain: components["schemas"]["CurtainView"];
            /**
             * @description Whether its pictures are recorded; while they are, pictures are captured though nobody watches.
             * @default off
             * @enum {string}
             */
            record: "off" | "on" | "on-failure";
            /** @description None in lists, after the end, and where the planner plans one step at a time. */
            plan: components["schemas"]["PlanView"] | null;
            /**
             * @description Whether it is traced for Playwright's trace viewer.
             * @default off
             * @enum {string}
             */
            trace: "off" | "on" | "on-failure";
            /**
             * @description What people have said about it; empty in lists of runs.
             * @default []
             */
            comments: components["schemas"]["Comment"][];
            /** @description Set for an attached run, as are ``test`` and ``session``. */
            client: components["schemas"]["AttachedClient"] | null;
            test: components["schemas"]["AttachedTest"] | null;
            session: components["schemas"]["SessionRef"] | null;
        };
        /** @description Which password that was typed by hand is to be kept as a secret of the run. */
        SecretRequest: {
            /** @description The name in ``{{secret:NAME}}``, which is the step's value. */
            name: string;
        };
        /**
         * @description Names where a secret may be used besides being filled into a field.
         * @enum {string}
         */
        SecretUse: "navigation" | "expectation" | "selector";
        SelectorToWrite: {
            /** @description A Playwright selector, such as a step's ``target``. */
            selector: string;
        };
        /** @description One attach session: the runs of one command. */
        SessionRef: {
            id: string;
            name: string;
            /** @description The working folder of the command, which the names of its files are shown relative to. */
            folder: string | null;
        };
        /** @description Has the run pause before an entry of its plan, or no longer. */
        SetBreakpoint: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @default set_breakpoint
             * @constant
             */
            type: "set_breakpoint";
            /** @description The entry's, as in `Run.plan`. */
            index: number;
            on: boolean;
        };
        /** @description Shows everybody but the sender, who holds control, a still picture until control ends, or ends that. */
        SetCurtain: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @default set_curtain
             * @constant
             */
            type: "set_curtain";
            closed: boolean;
        };
        /** @description A token that opens one run with one role. */
        ShareToken: {
            /** @description Names the token when it is revoked. */
            id: string;
            role: components["schemas"]["Role"];
            token: string;
            /** @description The watch page's address with the token in it. */
            watchUrl: string;
            expiresAt: string;
        };
        /** @description A link that opens one run; its token is known to those alone who have it. */
        SharedLink: {
            /** @description Names the link when it is revoked. */
            id: string;
            role: components["schemas"]["Role"];
            /** @description When it was made, or was first used where it was made elsewhere, as by ``jumpseat token``. */
            createdAt: string;
            expiresAt: string;
            /** @description When it was last used; None where it never was. */
            lastSeenAt: string | null;
        };
        /** @description The links to a run that have neither expired nor been revoked. */
        SharedLinkList: {
            tokens: components["schemas"]["SharedLink"][];
        };
        SingleStep: {
            step: components["schemas"]["Step"];
        };
        /** @description A width and a height. */
        Size: {
            /** @description CSS pixels. */
            width: number;
            /** @description CSS pixels. */
            height: number;
        };
        /** @description Skips the step that is proposed, or the one that has failed. */
        SkipStep: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @default skip_step
             * @constant
             */
            type: "skip_step";
        };
        /**
         * @description Says whose idea a step was.
         * @enum {string}
         */
        Source: "plan" | "override" | "human";
        /** @description Some lines of a client's own code. */
        SourceExcerpt: {
            /** @description Relative to the session's folder where it is in it. */
            file: string;
            /** @description The line that the step's call is in, from 1. */
            line: number;
            /** @description The number of the first of ``lines``. */
            first: number;
            lines: string[];
        };
        /** @description A line of a client's own code, as its Playwright reports it. */
        SourceLocation: {
            file: string;
            line: number;
        };
        /** @description All that is known of one step. */
        Step: {
            stepNumber: number;
            action: components["schemas"]["ActionType"];
            /** @description The selector or URL that was used. */
            target: string | null;
            /** @description As given, a file by name and size; a secret's value is never here. */
            value: string | null;
            description: string;
            source: components["schemas"]["Source"];
            status: components["schemas"]["StepStatus"];
            error: string | null;
            screenshotUrl: string | null;
            timestamp: string;
            durationMs: number | null;
            /** @default 1 */
            instructionsVersion: number;
            /** @description Where the client's code makes the call, in an attached run. */
            location: components["schemas"]["SourceLocation"] | null;
            /** @description What a person should know of how it was done: that nothing could be looked at afterwards, for example. */
            note: string | null;
            /**
             * @description Of a step that failed: what went wrong in the page meanwhile, or in the step before; in the page's own words.
             * @default []
             */
            pageSaid: string[];
            /** @description The entry of the plan that it was done for, or before; None where nothing is planned ahead. */
            planIndex: number | null;
            /** @description The action as it was carried out: enough to do it again. */
            fullAction: components["schemas"]["ActionOutput"];
            /** @description What the planner had proposed where something else was done. */
            proposed: components["schemas"]["ActionOutput"] | null;
            reasoning: string | null;
            /** @default 1 */
            attempts: number;
            /** @description The page's address when the step was over. */
            url: string | null;
            beforeScreenshotUrl: string | null;
            box: components["schemas"]["Box"] | null;
            viewport: components["schemas"]["Size"] | null;
            /** @description The index of the tab that it was done in, where that is known. */
            tab: number | null;
            /**
             * @description What it was really carried out by, where its action alone does not say so; exported tests do the same.
             * @default []
             */
            carriedOut: components["schemas"]["ElementCall"][];
            /**
             * @description In the order in which they opened; those that opened while the page loaded belong to the first step.
             * @default []
             */
            dialogs: components["schemas"]["DialogAnswer"][];
        };
        /** @description One page of a run's steps, in order. */
        StepList: {
            steps: components["schemas"]["Step"][];
            /** @description The ``cursor`` of the next page; None on the last one. */
            nextCursor: string | null;
        };
        /** @description Does exactly one step, then pauses. */
        StepOnce: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @default step
             * @constant
             */
            type: "step";
        };
        /** @description Has this action done in place of the next step, or before it; several are done in order, one for each step. */
        StepOverride: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @default step_override
             * @constant
             */
            type: "step_override";
            action: components["schemas"]["Action"];
            /**
             * @description An expectation is not replaced by something else: that is done before it.
             * @default instead
             * @enum {string}
             */
            place?: "instead" | "before";
        };
        /** @description An override that was queued will not be done. */
        StepOverrideDropped: {
            /**
             * @default step_override_dropped
             * @constant
             */
            type: "step_override_dropped";
            action: components["schemas"]["ActionOutput"];
            reason: string;
        };
        /** @description An override waits to be done in place of a step, or before it. */
        StepOverrideQueued: {
            /**
             * @default step_override_queued
             * @constant
             */
            type: "step_override_queued";
            action: components["schemas"]["ActionOutput"];
            /**
             * @default instead
             * @enum {string}
             */
            place: "instead" | "before";
        };
        StepOverrideRequest: {
            action: components["schemas"]["Action"];
            /**
             * @description Whether the next step is replaced, or done after this.
             * @default instead
             * @enum {string}
             */
            place?: "instead" | "before";
        };
        /** @description A step is proposed to be done next, or no longer is. */
        StepProposed: {
            /**
             * @default step_proposed
             * @constant
             */
            type: "step_proposed";
            /** @description None: what was proposed is withdrawn. */
            proposal: components["schemas"]["Proposal"] | null;
        };
        /** @description One step, as it was asked for. */
        StepReplay: {
            /**
             * @default step_replay
             * @constant
             */
            type: "step_replay";
            id: string | null;
            step: components["schemas"]["Step"];
        };
        /**
         * @description How far a step has come.
         * @enum {string}
         */
        StepStatus: "running" | "passed" | "failed" | "skipped";
        /** @description A step as it stands in a list. */
        StepSummary: {
            stepNumber: number;
            action: components["schemas"]["ActionType"];
            /** @description The selector or URL that was used. */
            target: string | null;
            /** @description As given, a file by name and size; a secret's value is never here. */
            value: string | null;
            description: string;
            source: components["schemas"]["Source"];
            status: components["schemas"]["StepStatus"];
            error: string | null;
            screenshotUrl: string | null;
            timestamp: string;
            durationMs: number | null;
            /** @default 1 */
            instructionsVersion: number;
            /** @description Where the client's code makes the call, in an attached run. */
            location: components["schemas"]["SourceLocation"] | null;
            /** @description What a person should know of how it was done: that nothing could be looked at afterwards, for example. */
            note: string | null;
            /**
             * @description Of a step that failed: what went wrong in the page meanwhile, or in the step before; in the page's own words.
             * @default []
             */
            pageSaid: string[];
            /** @description The entry of the plan that it was done for, or before; None where nothing is planned ahead. */
            planIndex: number | null;
        };
        /** @description A time in which nothing moved; in milliseconds from the recording's beginning. */
        StillSpan: {
            fromMs: number;
            toMs: number;
        };
        /** @description There is a picture. Addresses and tokens differ from viewer to viewer and are filled in on the way out. */
        StreamAvailable: {
            /**
             * @default stream_available
             * @constant
             */
            type: "stream_available";
            streamUrl: string | null;
            whepUrl: string | null;
            livekitUrl: string | null;
            token: string | null;
        };
        /** @description Where one viewer finds a run's picture and events. */
        StreamInfo: {
            /** @description The newest frame as JPEG. */
            streamUrl: string;
            /** @description All frames as ``multipart/x-mixed-replace``. */
            mjpegUrl: string;
            whepUrl: string;
            /** @description The control WebSocket. */
            controlUrl: string;
            /** @description Each is an ``RTCIceServer`` dictionary (W3C WebRTC). */
            iceServers: {
                [key: string]: unknown;
            }[];
            livekitUrl: string | null;
            /** @description A LiveKit token; None without LiveKit. */
            token: string | null;
            /** @description A ticket of minutes that opens this run's pictures and events as a viewer, and nothing else: for an address. */
            viewerToken: string;
            /** @description When ``viewer_token`` expires; what it has opened by then goes on. */
            expiresAt: string;
        };
        /** @description One tab of the browser. */
        Tab: {
            index: number;
            url: string;
            title: string;
            active: boolean;
        };
        /** @description Takes control of the page: the run waits, and the sender's input goes to the page. */
        TakeControl: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @default take_control
             * @constant
             */
            type: "take_control";
            /**
             * @description An owner may take control from another person.
             * @default false
             */
            force?: boolean;
        };
        /** @description It has become known, or has changed, which test an attached run belongs to. */
        TestIdentified: {
            /**
             * @default test_identified
             * @constant
             */
            type: "test_identified";
            test: components["schemas"]["AttachedTest"];
        };
        /** @description A step began, or is over. */
        TestStep: {
            /**
             * @default test_step
             * @constant
             */
            type: "test_step";
            step: components["schemas"]["Step"];
            totalSteps: number | null;
        };
        /** @description What a share token is made from. */
        TokenRequest: {
            /** @enum {string} */
            role: "viewer" | "controller";
            /** @default 3600 */
            ttlSeconds?: number;
        };
        /** @description Replaces the instructions; the planner goes on from the new ones. */
        UpdateInstructions: {
            /** @description Chosen by the client; the answer carries it, and a command that comes twice is done once. */
            id?: string | null;
            /**
             * @default update_instructions
             * @constant
             */
            type: "update_instructions";
            instructions: string;
        };
        /** @description Somebody has come or gone. */
        Viewers: {
            /**
             * @default viewers
             * @constant
             */
            type: "viewers";
            count: number;
            /**
             * @description Those of them who may control: whom control can be handed to.
             * @default []
             */
            controllers: components["schemas"]["Holder"][];
            /**
             * @description All of them by name, in the order in which they came.
             * @default []
             */
            watchers: components["schemas"]["Watcher"][];
        };
        /** @description A size that a run may ask for; pages may open smaller windows by themselves. */
        Viewport: {
            width: number;
            height: number;
        };
        /** @description The run waits for a model that chooses the next step, or for an element; or it no longer waits. */
        Waiting: {
            /**
             * @default waiting
             * @constant
             */
            type: "waiting";
            /** @description None: it waits no more. */
            subject: ("model" | "element") | null;
            since: string | null;
            /** @description Of an ``element``: why it cannot be used yet. */
            reason: string | null;
            /** @description Of a ``model``: what it has used in this run so far. */
            tokens: number | null;
            /** @description Of a ``model``: US dollars so far, where its price is known. */
            cost: number | null;
        };
        /** @description A person, or program, that is connected to a run. */
        Watcher: {
            viewerId: string;
            name: string;
            /** @enum {string} */
            role: "viewer" | "controller" | "owner";
        };
        Run: components["schemas"]["RunView"];
        /** @description What a client may send, on any transport. */
        ClientMessage: components["schemas"]["Pause"] | components["schemas"]["Resume"] | components["schemas"]["StepOnce"] | components["schemas"]["Cancel"] | components["schemas"]["StepOverride"] | components["schemas"]["SkipStep"] | components["schemas"]["ApproveStep"] | components["schemas"]["UpdateInstructions"] | components["schemas"]["SetBreakpoint"] | components["schemas"]["RunTo"] | components["schemas"]["ReplayStep"] | components["schemas"]["TakeControl"] | components["schemas"]["RequestControl"] | components["schemas"]["ReleaseControl"] | components["schemas"]["SetCurtain"] | components["schemas"]["LiftCovers"] | components["schemas"]["Input"] | components["schemas"]["Browse"] | components["schemas"]["CopySelection"] | components["schemas"]["AddComment"] | components["schemas"]["RemoveComment"] | components["schemas"]["Pick"] | components["schemas"]["AnswerDialog"] | components["schemas"]["Ping"];
        /** @description What every viewer is sent; each takes the next number. */
        Event: components["schemas"]["StreamAvailable"] | components["schemas"]["RunState"] | components["schemas"]["StepProposed"] | components["schemas"]["TestStep"] | components["schemas"]["StepOverrideQueued"] | components["schemas"]["StepOverrideDropped"] | components["schemas"]["InstructionsUpdated"] | components["schemas"]["PlanChanged"] | components["schemas"]["HelpNeeded"] | components["schemas"]["ControlChanged"] | components["schemas"]["CurtainChanged"] | components["schemas"]["Viewers"] | components["schemas"]["PageChanged"] | components["schemas"]["Dialog"] | components["schemas"]["Waiting"] | components["schemas"]["TestIdentified"] | components["schemas"]["ConsoleMessage"] | components["schemas"]["RequestFailed"] | components["schemas"]["Downloaded"] | components["schemas"]["CommentChanged"] | components["schemas"]["RunFinished"];
        /** @description What one client is sent; takes no number. */
        Reply: components["schemas"]["Hello"] | components["schemas"]["Ack"] | components["schemas"]["ErrorReply"] | components["schemas"]["StepReplay"] | components["schemas"]["Picked"] | components["schemas"]["Copied"] | components["schemas"]["Pong"];
        /** @description The fields that stand in front of every message from the server. */
        Envelope: {
            runId: string;
            /** @description An event's own number; on a reply, the number of the newest event. */
            seq: number;
            /** @description When the event happened, or the reply was made. */
            at: string;
        };
        /** @description What the server sends, on any transport. */
        ServerMessage: components["schemas"]["Envelope"] & (components["schemas"]["Event"] | components["schemas"]["Reply"]);
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type Ack = components['schemas']['Ack'];
export type Action = components['schemas']['Action'];
export type ActionOutput = components['schemas']['ActionOutput'];
export type ActionType = components['schemas']['ActionType'];
export type AddComment = components['schemas']['AddComment'];
export type AnswerDialog = components['schemas']['AnswerDialog'];
export type ApproveStep = components['schemas']['ApproveStep'];
export type AttachSessionInfo = components['schemas']['AttachSessionInfo'];
export type AttachedClient = components['schemas']['AttachedClient'];
export type AttachedTest = components['schemas']['AttachedTest'];
export type Attention = components['schemas']['Attention'];
export type AuditAction = components['schemas']['AuditAction'];
export type AuditPage = components['schemas']['AuditPage'];
export type Box = components['schemas']['Box'];
export type BreakpointRequest = components['schemas']['BreakpointRequest'];
export type Browse = components['schemas']['Browse'];
export type Cancel = components['schemas']['Cancel'];
export type Choice = components['schemas']['Choice'];
export type CommandAccepted = components['schemas']['CommandAccepted'];
export type Comment = components['schemas']['Comment'];
export type CommentChanged = components['schemas']['CommentChanged'];
export type ConsoleEntry = components['schemas']['ConsoleEntry'];
export type ConsoleList = components['schemas']['ConsoleList'];
export type ConsoleMessage = components['schemas']['ConsoleMessage'];
export type Control = components['schemas']['Control'];
export type ControlChanged = components['schemas']['ControlChanged'];
export type Copied = components['schemas']['Copied'];
export type CopySelection = components['schemas']['CopySelection'];
export type CurtainChanged = components['schemas']['CurtainChanged'];
export type CurtainView = components['schemas']['CurtainView'];
export type Dialog = components['schemas']['Dialog'];
export type DialogAnswer = components['schemas']['DialogAnswer'];
export type DownloadEntry = components['schemas']['DownloadEntry'];
export type DownloadList = components['schemas']['DownloadList'];
export type Downloaded = components['schemas']['Downloaded'];
export type ElementCall = components['schemas']['ElementCall'];
export type ErrorReply = components['schemas']['ErrorReply'];
export type FieldProblem = components['schemas']['FieldProblem'];
export type FileContent = components['schemas']['FileContent'];
export type GivenSecret = components['schemas']['GivenSecret'];
export type HarArchive = components['schemas']['HarArchive'];
export type Hello = components['schemas']['Hello'];
export type HelpNeeded = components['schemas']['HelpNeeded'];
export type Holder = components['schemas']['Holder'];
export type HttpBody = components['schemas']['HttpBody'];
export type HttpHeader = components['schemas']['HttpHeader'];
export type Input = components['schemas']['Input'];
export type InstructionProblem = components['schemas']['InstructionProblem'];
export type InstructionsChecked = components['schemas']['InstructionsChecked'];
export type InstructionsRequest = components['schemas']['InstructionsRequest'];
export type InstructionsToCheck = components['schemas']['InstructionsToCheck'];
export type InstructionsUpdated = components['schemas']['InstructionsUpdated'];
export type LiftCovers = components['schemas']['LiftCovers'];
export type Liveness = components['schemas']['Liveness'];
export type Locators = components['schemas']['Locators'];
export type NewAttachSession = components['schemas']['NewAttachSession'];
export type NewRun = components['schemas']['NewRun'];
export type NumberedAuditEntry = components['schemas']['NumberedAuditEntry'];
export type PageChanged = components['schemas']['PageChanged'];
export type Pause = components['schemas']['Pause'];
export type Pick = components['schemas']['Pick'];
export type Picked = components['schemas']['Picked'];
export type Ping = components['schemas']['Ping'];
export type PlanChanged = components['schemas']['PlanChanged'];
export type PlanEntryRequest = components['schemas']['PlanEntryRequest'];
export type PlanView = components['schemas']['PlanView'];
export type PlannedStep = components['schemas']['PlannedStep'];
export type Pong = components['schemas']['Pong'];
export type ProblemDetails = components['schemas']['ProblemDetails'];
export type Proposal = components['schemas']['Proposal'];
export type Readiness = components['schemas']['Readiness'];
export type RecordingTimeline = components['schemas']['RecordingTimeline'];
export type ReleaseControl = components['schemas']['ReleaseControl'];
export type RemoveComment = components['schemas']['RemoveComment'];
export type ReplayStep = components['schemas']['ReplayStep'];
export type RequestControl = components['schemas']['RequestControl'];
export type RequestEntry = components['schemas']['RequestEntry'];
export type RequestFailed = components['schemas']['RequestFailed'];
export type RequestList = components['schemas']['RequestList'];
export type Resume = components['schemas']['Resume'];
export type Role = components['schemas']['Role'];
export type RunFinished = components['schemas']['RunFinished'];
export type RunList = components['schemas']['RunList'];
export type RunState = components['schemas']['RunState'];
export type RunStatus = components['schemas']['RunStatus'];
export type RunTo = components['schemas']['RunTo'];
export type RunView = components['schemas']['RunView'];
export type SecretRequest = components['schemas']['SecretRequest'];
export type SecretUse = components['schemas']['SecretUse'];
export type SelectorToWrite = components['schemas']['SelectorToWrite'];
export type SessionRef = components['schemas']['SessionRef'];
export type SetBreakpoint = components['schemas']['SetBreakpoint'];
export type SetCurtain = components['schemas']['SetCurtain'];
export type ShareToken = components['schemas']['ShareToken'];
export type SharedLink = components['schemas']['SharedLink'];
export type SharedLinkList = components['schemas']['SharedLinkList'];
export type SingleStep = components['schemas']['SingleStep'];
export type Size = components['schemas']['Size'];
export type SkipStep = components['schemas']['SkipStep'];
export type Source = components['schemas']['Source'];
export type SourceExcerpt = components['schemas']['SourceExcerpt'];
export type SourceLocation = components['schemas']['SourceLocation'];
export type Step = components['schemas']['Step'];
export type StepList = components['schemas']['StepList'];
export type StepOnce = components['schemas']['StepOnce'];
export type StepOverride = components['schemas']['StepOverride'];
export type StepOverrideDropped = components['schemas']['StepOverrideDropped'];
export type StepOverrideQueued = components['schemas']['StepOverrideQueued'];
export type StepOverrideRequest = components['schemas']['StepOverrideRequest'];
export type StepProposed = components['schemas']['StepProposed'];
export type StepReplay = components['schemas']['StepReplay'];
export type StepStatus = components['schemas']['StepStatus'];
export type StepSummary = components['schemas']['StepSummary'];
export type StillSpan = components['schemas']['StillSpan'];
export type StreamAvailable = components['schemas']['StreamAvailable'];
export type StreamInfo = components['schemas']['StreamInfo'];
export type Tab = components['schemas']['Tab'];
export type TakeControl = components['schemas']['TakeControl'];
export type TestIdentified = components['schemas']['TestIdentified'];
export type TestStep = components['schemas']['TestStep'];
export type TokenRequest = components['schemas']['TokenRequest'];
export type UpdateInstructions = components['schemas']['UpdateInstructions'];
export type Viewers = components['schemas']['Viewers'];
export type Viewport = components['schemas']['Viewport'];
export type Waiting = components['schemas']['Waiting'];
export type Watcher = components['schemas']['Watcher'];
export type Run = components['schemas']['Run'];
export type ClientMessage = components['schemas']['ClientMessage'];
export type Event = components['schemas']['Event'];
export type Reply = components['schemas']['Reply'];
export type Envelope = components['schemas']['Envelope'];
export type ServerMessage = components['schemas']['ServerMessage'];
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
